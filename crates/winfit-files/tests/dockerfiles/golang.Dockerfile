# syntax=docker/dockerfile:1
# escape=`

ARG NANOSERVER=ltsc2022

FROM mcr.microsoft.com/windows/servercore:ltsc2022 AS download

# $ErrorActionPreference: a failing step must fail the build
SHELL ["powershell", "-Command", "$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue';"]

ENV GIT_VERSION 2.23.0
ENV GOPATH C:\go

RUN $newPath = ('{0}\bin;C:\Program Files\Go\bin;{1}' -f $env:GOPATH, $env:PATH); `
	Write-Host ('Updating PATH: {0}' -f $newPath); `
	[Environment]::SetEnvironmentVariable('PATH', $newPath, [EnvironmentVariableTarget]::Machine);

RUN $url = 'https://go.example/dl/go1.22.windows-amd64.zip'; `
	Invoke-WebRequest -Uri $url -OutFile 'go.zip'; `
	if ((Get-FileHash go.zip -Algorithm sha256).Hash -ne 'abc') { `
		Write-Host 'FAILED!'; `
		exit 1; `
	}; `
	`
	Expand-Archive go.zip -DestinationPath 'C:\Program Files';

FROM mcr.microsoft.com/windows/nanoserver:${NANOSERVER}
USER ContainerAdministrator
RUN setx /m PATH "%GOPATH%\bin;C:\Program Files\Go\bin;%PATH%"
USER ContainerUser
COPY --from=download ["C:\\Program Files\\Go", "C:\\Program Files\\Go"]
WORKDIR $GOPATH

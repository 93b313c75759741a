# escape=`

ARG REPO=mcr.microsoft.com/dotnet/framework
ARG WINDOWS=windowsservercore-ltsc2022

FROM ${REPO}/sdk:4.8-${WINDOWS} AS build
WORKDIR C:\src

# packages first, so that they are cached
COPY *.sln NuGet.config ./
COPY Shop\*.csproj C:\src\Shop\
RUN nuget restore

COPY . .
RUN msbuild Shop\Shop.csproj `
        /p:Configuration=Release `
        # nobody reads this
        /p:OutputPath=C:\out `

        /p:DeployOnBuild=true

FROM ${REPO}/aspnet:4.8-${WINDOWS}
SHELL ["powershell", "-Command", "$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue';"]
RUN Remove-Item -Recurse C:\inetpub\wwwroot\* ; `
    Set-Content C:\motd.txt @\"it is < here >\"@
COPY --from=build C:\out\_PublishedWebsites\Shop C:\inetpub\wwwroot
HEALTHCHECK CMD powershell -Command "try { exit 0 } catch { exit 1 }"
ENTRYPOINT ["C:\\ServiceMonitor.exe", "w3svc"]

//! A tree of files for `winfit lint`: half Dockerfiles, half manifests, the same in every run.

use std::fs;
use std::io;
use std::path::Path;

/// Files in one folder.
const A_FOLDER: usize = 100;

/// Writes the tree: half of `files` Dockerfiles, half manifests; every second one for Windows.
pub fn write(folder: &Path, files: usize) -> io::Result<()> {
    for at in 0..files {
        let folder = folder.join(format!("team-{:03}", at / A_FOLDER));
        if at % A_FOLDER == 0 {
            fs::create_dir_all(&folder)?;
        }
        let (name, text) = match at % 4 {
            0 => (format!("app{at}.Dockerfile"), windows_dockerfile(at)),
            1 => (format!("app{at}.Dockerfile"), linux_dockerfile(at)),
            2 => (format!("app{at}.yaml"), manifest(at, true)),
            _ => (format!("app{at}.yaml"), manifest(at, false)),
        };
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

fn windows_dockerfile(at: usize) -> String {
    let release = ["ltsc2019", "ltsc2022", "ltsc2025"][at / 4 % 3];
    format!(
        "# escape=`\n\
         ARG RELEASE={release}\n\
         FROM mcr.microsoft.com/windows/servercore:${{RELEASE}} AS build\n\
         SHELL [\"powershell\", \"-Command\", \"$ErrorActionPreference = 'Stop';\"]\n\
         ENV APP_VERSION 1.{at}.0\n\
         RUN Invoke-WebRequest -Uri \"https://example.com/tools/$($env:APP_VERSION)/tools.zip\" `\n\
         \x20   -OutFile C:\\tools.zip; `\n\
         \x20   Expand-Archive C:\\tools.zip -DestinationPath C:\\tools; `\n\
         \x20   Remove-Item C:\\tools.zip\n\
         WORKDIR C:\\src\n\
         COPY . .\n\
         RUN C:\\tools\\build.ps1 -Configuration Release -Output C:\\out\n\n\
         FROM mcr.microsoft.com/windows/nanoserver:${{RELEASE}}\n\
         COPY --from=build C:\\out C:\\app\n\
         WORKDIR C:\\app\n\
         EXPOSE 80\n\
         ENTRYPOINT [\"C:\\\\app\\\\app{at}.exe\"]\n"
    )
}

fn linux_dockerfile(at: usize) -> String {
    format!(
        "FROM golang:1.24 AS build\n\
         WORKDIR /src\n\
         COPY go.mod go.sum ./\n\
         RUN go mod download\n\
         COPY . .\n\
         RUN CGO_ENABLED=0 go build -trimpath -o /out/app{at} ./cmd/app{at}\n\n\
         FROM debian:12-slim\n\
         RUN apt-get update \\\n\
         \x20   && apt-get install -y --no-install-recommends ca-certificates tzdata \\\n\
         \x20   && rm -rf /var/lib/apt/lists/*\n\
         COPY --from=build /out/app{at} /usr/local/bin/app{at}\n\
         USER 65532\n\
         EXPOSE 8080\n\
         ENTRYPOINT [\"/usr/local/bin/app{at}\"]\n"
    )
}

fn manifest(at: usize, windows: bool) -> String {
    let (selector, image) = if windows {
        let build = ["10.0.17763", "10.0.20348", "10.0.26100"][at / 4 % 3];
        let release = ["ltsc2019", "ltsc2022", "ltsc2025"][at / 4 % 3];
        (
            format!(
                "        kubernetes.io/os: windows\n        node.kubernetes.io/windows-build: \"{build}\"\n"
            ),
            format!("mcr.microsoft.com/dotnet/framework/aspnet:4.8-windowsservercore-{release}"),
        )
    } else {
        (
            "        kubernetes.io/os: linux\n".to_owned(),
            format!("registry.example.com/team/app{at}:1.{at}.0"),
        )
    };
    format!(
        "apiVersion: apps/v1\n\
         kind: Deployment\n\
         metadata:\n\
         \x20 name: app{at}\n\
         \x20 namespace: team-{}\n\
         \x20 labels:\n\
         \x20   app.kubernetes.io/name: app{at}\n\
         spec:\n\
         \x20 replicas: {}\n\
         \x20 selector:\n\
         \x20   matchLabels:\n\
         \x20     app.kubernetes.io/name: app{at}\n\
         \x20 template:\n\
         \x20   metadata:\n\
         \x20     labels:\n\
         \x20       app.kubernetes.io/name: app{at}\n\
         \x20   spec:\n\
         \x20     nodeSelector:\n{selector}\
         \x20     containers:\n\
         \x20       - name: app\n\
         \x20         image: {image}\n\
         \x20         ports:\n\
         \x20           - containerPort: 80\n\
         \x20         env:\n\
         \x20           - name: ASPNETCORE_ENVIRONMENT\n\
         \x20             value: Production\n\
         \x20         resources:\n\
         \x20           limits: {{cpu: \"1\", memory: 800Mi}}\n\
         ---\n\
         apiVersion: v1\n\
         kind: Service\n\
         metadata:\n\
         \x20 name: app{at}\n\
         \x20 namespace: team-{}\n\
         spec:\n\
         \x20 selector:\n\
         \x20   app.kubernetes.io/name: app{at}\n\
         \x20 ports:\n\
         \x20   - port: 80\n",
        at / A_FOLDER,
        1 + at % 5,
        at / A_FOLDER,
    )
}

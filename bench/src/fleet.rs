//! The objects of a large Swarm, with the fields that engines send of each. The same in every run.

use serde_json::{Value, json};

/// The Windows builds of the nodes in turn; none: a Linux node.
const BUILDS: [Option<&str>; 10] = [
    Some("10.0.17763.7314"),
    Some("10.0.20348.3807"),
    Some("10.0.20348.3807"),
    None,
    Some("10.0.26100.4349"),
    Some("10.0.20348.3692"),
    None,
    Some("10.0.17763.7314"),
    Some("10.0.20348.3807"),
    None,
];

/// The images of the services in turn, and the constraints that they have.
const KINDS: [(&str, &[&str]); 10] = [
    (
        "mcr.microsoft.com/dotnet/framework/aspnet:4.8-windowsservercore-ltsc2019",
        &[
            "node.labels.OS==windows",
            "node.labels.OsVersion==10.0.17763",
        ],
    ),
    (
        "mcr.microsoft.com/windows/servercore/iis:windowsservercore-ltsc2022",
        &[
            "node.labels.OS==windows",
            "node.labels.OsVersion==10.0.20348",
        ],
    ),
    (
        "registry.contoso.example/shop/web:7.3-linux",
        &["node.platform.os==linux"],
    ),
    (
        "registry.contoso.example/fax/gateway:2.14-nanoserver-ltsc2022",
        &["node.labels.OsVersion==10.0.20348", "node.role==worker"],
    ),
    ("redis:7.2-alpine", &["node.platform.os==linux"]),
    (
        "mcr.microsoft.com/windows/nanoserver:ltsc2025",
        &["node.labels.OsVersion==10.0.26100"],
    ),
    (
        "registry.contoso.example/ledger/worker:1.9",
        &["node.platform.os==linux", "node.role==worker"],
    ),
    (
        "mcr.microsoft.com/windows/servercore:ltsc2019",
        &["node.labels.OsVersion==10.0.17763"],
    ),
    (
        "postgres:16",
        &["node.platform.os==linux", "node.labels.disk==ssd"],
    ),
    (
        "registry.contoso.example/print/spooler:5.0-windowsservercore-ltsc2022",
        &[
            "node.labels.OS==windows",
            "node.labels.OsVersion!=10.0.17763",
        ],
    ),
];

/// One service in so many may get to nodes where it cannot start.
const ASTRAY: usize = 40;
/// One task in so many ended before, and says why.
const FAILED: usize = 12;

/// An id as the engine makes them: 25 letters and digits.
fn id(kind: &str, at: usize) -> String {
    const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut seed = kind.bytes().fold(at as u64 + 1, |seed, byte| {
        seed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte)
    });
    (0..25)
        .map(|_| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(LETTERS[(seed >> 33) as usize % LETTERS.len()])
        })
        .collect()
}

fn digest(kind: &str, at: usize) -> String {
    let id = id(kind, at);
    let digits = id.bytes().map(|byte| format!("{byte:02x}"));
    format!("sha256:{:0<64.64}", digits.collect::<Vec<_>>().concat())
}

fn address(at: usize) -> String {
    format!("10.20.{}.{}", at / 250, at % 250 + 1)
}

/// `/info`.
pub fn info(nodes: usize) -> Value {
    let managers: Vec<Value> = (0..3)
        .map(|at| json!({"NodeID": id("node", at), "Addr": format!("{}:2377", address(at))}))
        .collect();
    json!({
        "ID": "7ec0b1b0-3f3e-4d3e-9c5a-1d2f3a4b5c6d", "Containers": 41, "ContainersRunning": 38,
        "Images": 60, "Driver": "overlay2", "Name": "node-0003", "OSType": "linux", "Architecture": "x86_64",
        "ServerVersion": "28.5.1", "OperatingSystem": "Ubuntu 24.04.2 LTS", "KernelVersion": "6.8.0-60-generic",
        "NCPU": 16, "MemTotal": 67_430_170_624_u64, "Isolation": "",
        "Swarm": {
            "NodeID": id("node", 3), "NodeAddr": address(3), "LocalNodeState": "active",
            "ControlAvailable": true, "Error": "", "RemoteManagers": managers, "Nodes": nodes, "Managers": 3,
        },
    })
}

/// A certificate, of which each node sends its own.
fn certificate(at: usize) -> String {
    let lines = (0..8).map(|line| id("trust", at + line) + &id("root", line));
    let lines = lines.collect::<Vec<_>>().join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}

/// A node.
pub fn node(at: usize) -> Value {
    let build = BUILDS[at % BUILDS.len()];
    let labels = match build {
        // Some were never labelled.
        _ if at % 50 == 7 => json!({}),
        Some(build) => json!({
            "OS": "windows",
            "OsVersion": build.rsplit_once('.').map_or(build, |(known, _)| known),
            "winfit.build": build.split('.').nth(2),
            "winfit.revision": build.split('.').nth(3),
            "rack": format!("r{}", at % 24),
        }),
        None => {
            json!({"OS": "linux", "rack": format!("r{}", at % 24), "disk": if at.is_multiple_of(2) { "ssd" } else { "hdd" }})
        }
    };
    let os = if build.is_some() { "windows" } else { "linux" };
    let networks: &[&str] = if build.is_some() {
        &[
            "ics",
            "internal",
            "l2bridge",
            "l2tunnel",
            "nat",
            "null",
            "overlay",
            "private",
            "transparent",
        ]
    } else {
        &["bridge", "host", "ipvlan", "macvlan", "null", "overlay"]
    };
    let logs = [
        "awslogs",
        "etwlogs",
        "fluentd",
        "gcplogs",
        "gelf",
        "json-file",
        "local",
        "splunk",
        "syslog",
    ];
    let plugins: Vec<Value> = networks
        .iter()
        .map(|name| json!({"Type": "Network", "Name": name}))
        .chain(logs.iter().map(|name| json!({"Type": "Log", "Name": name})))
        .chain([json!({"Type": "Volume", "Name": "local"})])
        .collect();
    let is_manager = at % 10 == 3 && at < 50;
    let mut node = json!({
        "ID": id("node", at),
        "Version": {"Index": 4_000 + at},
        "CreatedAt": "2025-02-11T08:14:51.114817201Z",
        "UpdatedAt": "2025-07-01T10:02:33.901827364Z",
        "Spec": {
            "Labels": labels,
            "Role": if is_manager { "manager" } else { "worker" },
            "Availability": if at % 97 == 11 { "drain" } else { "active" },
        },
        "Description": {
            "Hostname": format!("node-{at:04}"),
            "Platform": {"Architecture": "x86_64", "OS": os},
            "Resources": {"NanoCPUs": 16_000_000_000_u64, "MemoryBytes": 68_718_940_160_u64},
            "Engine": {"EngineVersion": "28.1.1", "Labels": {"site": "north"}, "Plugins": plugins},
            "TLSInfo": {
                "TrustRoot": certificate(0),
                "CertIssuerSubject": "MBMxETAPBgNVBAMTCHN3YXJtLWNh",
                "CertIssuerPublicKey": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXn0DbuqRBlcEUdXIk8qPKTBTOSZKMLv0yZbbwcRRpkA5Vn1NGHDKmGdtdNSRJUYvl8IcFBB/3Q=="
            },
        },
        "Status": {"State": if at % 83 == 5 { "down" } else { "ready" }, "Addr": address(at)},
    });
    if is_manager {
        node["ManagerStatus"] = json!({
            "Leader": at == 3, "Reachability": "reachable", "Addr": format!("{}:2377", address(at)),
        });
    }
    node
}

/// What each task of a service is.
fn template(at: usize, release: usize) -> Value {
    let (image, constraints) = KINDS[at % KINDS.len()];
    let constraints: Vec<&str> = if at.is_multiple_of(ASTRAY) {
        vec!["node.labels.OS==windows"]
    } else {
        constraints.to_vec()
    };
    let windows = image.contains("windows") || image.contains("ltsc");
    let (data, cache) = if windows {
        ("C:\\data", "C:\\cache")
    } else {
        ("/var/lib/data", "/var/cache/app")
    };
    let platforms = if windows {
        json!([{"Architecture": "amd64", "OS": "windows"}])
    } else {
        json!([{"Architecture": "amd64", "OS": "linux"}, {"OS": "linux"}, {"Architecture": "arm64", "OS": "linux"}])
    };
    let env: Vec<String> = (0..10)
        .map(|number| {
            format!("SETTING_{number}=https://service-{number}.shop.contoso.example/v{release}")
        })
        .collect();
    json!({
        "ContainerSpec": {
            "Image": format!("{image}@{}", digest("image", at % KINDS.len())),
            "Labels": {"com.docker.stack.namespace": format!("stack{}", at / 20)},
            "Env": env,
            "Privileges": {"CredentialSpec": null, "SELinuxContext": null},
            "Mounts": [
                {"Type": "volume", "Source": format!("stack{}_data", at / 20), "Target": data, "VolumeOptions": {"Labels": {"com.docker.stack.namespace": format!("stack{}", at / 20)}}},
                {"Type": "volume", "Source": format!("stack{}_cache", at / 20), "Target": cache},
            ],
            "StopGracePeriod": 10_000_000_000_u64,
            "Healthcheck": {"Test": ["CMD-SHELL", "curl -f http://localhost/health || exit 1"], "Interval": 30_000_000_000_u64, "Timeout": 5_000_000_000_u64, "Retries": 3},
            "DNSConfig": {},
            "Secrets": [{"File": {"Name": "connection", "UID": "0", "GID": "0", "Mode": 292}, "SecretID": id("secret", at / 20), "SecretName": format!("stack{}_connection", at / 20)}],
            "Isolation": "default",
        },
        "Resources": {"Limits": {"NanoCPUs": 2_000_000_000_u64, "MemoryBytes": 2_147_483_648_u64}, "Reservations": {"MemoryBytes": 536_870_912}},
        "RestartPolicy": {"Condition": "any", "Delay": 5_000_000_000_u64, "MaxAttempts": 0},
        "Placement": {"Constraints": constraints, "Platforms": platforms},
        "Networks": [{"Target": id("network", at / 20), "Aliases": [format!("app{}", at % 20)]}],
        "LogDriver": {"Name": "json-file", "Options": {"max-file": "3", "max-size": "10m"}},
        "ForceUpdate": 0,
        "Runtime": "container",
    })
}

fn spec(at: usize, release: usize) -> Value {
    let config = json!({
        "Parallelism": 1, "Delay": 10_000_000_000_u64, "FailureAction": "pause", "Monitor": 5_000_000_000_u64,
        "MaxFailureRatio": 0, "Order": "stop-first",
    });
    json!({
        "Name": name(at),
        "Labels": {
            "com.docker.stack.image": KINDS[at % KINDS.len()].0,
            "com.docker.stack.namespace": format!("stack{}", at / 20),
        },
        "TaskTemplate": template(at, release),
        "Mode": {"Replicated": {"Replicas": 10}},
        "UpdateConfig": config,
        "RollbackConfig": config,
        "EndpointSpec": {"Mode": "vip", "Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 20_000 + at, "PublishMode": "ingress"}]},
    })
}

fn name(at: usize) -> String {
    format!("stack{}_app{}", at / 20, at % 20)
}

/// A service.
pub fn service(at: usize) -> Value {
    let is_stuck = at.is_multiple_of(ASTRAY);
    json!({
        "ID": id("service", at),
        "Version": {"Index": 90_000 + at},
        "CreatedAt": "2025-03-03T12:00:00.114817201Z",
        "UpdatedAt": "2025-07-01T10:02:33.901827364Z",
        "Spec": spec(at, 2),
        "PreviousSpec": spec(at, 1),
        "Endpoint": {
            "Spec": {"Mode": "vip", "Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 20_000 + at, "PublishMode": "ingress"}]},
            "Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 20_000 + at, "PublishMode": "ingress"}],
            "VirtualIPs": [{"NetworkID": id("network", 0), "Addr": "10.0.0.7/24"}, {"NetworkID": id("network", at / 20), "Addr": "10.0.1.9/24"}],
        },
        "UpdateStatus": {"State": "completed", "StartedAt": "2025-07-01T10:01:33.9Z", "CompletedAt": "2025-07-01T10:02:33.9Z", "Message": "update completed"},
        "ServiceStatus": {"RunningTasks": if is_stuck { 3 } else { 10 }, "DesiredTasks": 10, "CompletedTasks": 0},
    })
}

fn network(of: usize, name: &str) -> Value {
    json!({
        "ID": id("network", of),
        "Version": {"Index": 17},
        "CreatedAt": "2025-02-11T08:15:00.114817201Z",
        "UpdatedAt": "2025-02-11T08:15:00.314817201Z",
        "Spec": {
            "Name": name, "Labels": {"com.docker.stack.namespace": name},
            "DriverConfiguration": {"Name": "overlay"}, "Attachable": true,
            "IPAMOptions": {"Driver": {"Name": "default"}, "Configs": [{"Subnet": "10.0.0.0/24", "Gateway": "10.0.0.1"}]},
            "Scope": "swarm",
        },
        "DriverState": {"Name": "overlay", "Options": {"com.docker.network.driver.overlay.vxlanid_list": "4097"}},
        "IPAMOptions": {"Driver": {"Name": "default"}, "Configs": [{"Subnet": "10.0.0.0/24", "Gateway": "10.0.0.1"}]},
    })
}

/// A task. Each service has its tasks beside one another, some of which ended before.
pub fn task(at: usize, nodes: usize, services: usize) -> Value {
    let service = at % services;
    let failed = at % FAILED == 5 || service.is_multiple_of(ASTRAY) && at / services < 7;
    let status = if failed {
        json!({
            "Timestamp": format!("2025-07-01T10:{:02}:{:02}.901827364Z", at / 60 % 60, at % 60),
            "State": "rejected", "Message": "preparing",
            "Err": "hcs::CreateComputeSystem: The container operating system does not match the host operating system.",
            "PortStatus": {},
        })
    } else {
        json!({
            "Timestamp": format!("2025-07-01T10:{:02}:{:02}.901827364Z", at / 60 % 60, at % 60),
            "State": "running", "Message": "started",
            "ContainerStatus": {"ContainerID": &digest("container", at)[7..], "PID": 4_000 + at % 9_000, "ExitCode": 0},
            "PortStatus": {},
        })
    };
    json!({
        "ID": id("task", at),
        "Version": {"Index": 200_000 + at},
        "CreatedAt": "2025-07-01T10:01:44.114817201Z",
        "UpdatedAt": "2025-07-01T10:02:33.901827364Z",
        "Labels": {},
        "Spec": template(service, 2),
        "ServiceID": id("service", service),
        "Slot": at / services + 1,
        "NodeID": id("node", (at * 7 + service) % nodes),
        "Status": status,
        "DesiredState": if failed { "shutdown" } else { "running" },
        "NetworksAttachments": [
            {"Network": network(0, "ingress"), "Addresses": ["10.0.0.44/24"]},
            {"Network": network(service / 20, &format!("stack{}_default", service / 20)), "Addresses": ["10.0.1.45/24"]},
        ],
        "Volumes": null,
    })
}

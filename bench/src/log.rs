//! A log of any size, as nodes write them: kubelet, containerd, IIS, JSON, with few hits.

use std::io::{self, Write};

/// How many mismatches the log has, whatever its size.
pub const HITS: usize = 5;

const HIT: &str = "E0412 09:14:55.120 4816 remote_runtime.go:453] StartContainer from runtime \
    service failed: failed to create containerd task: hcsshim::CreateComputeSystem \
    0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9: The container operating \
    system does not match the host operating system.: (0xc0370101)";

/// A small generator (xorshift): the log is the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn line(out: &mut Vec<u8>, numbers: &mut Numbers, count: u64) -> io::Result<()> {
    let (a, b) = (numbers.next(), numbers.next());
    let second = count / 40;
    let (hour, minute, second) = (second / 3600 % 24, second / 60 % 60, second % 60);
    match a % 7 {
        0 => write!(
            out,
            "I0412 {hour:02}:{minute:02}:{second:02}.{:06} {} kubelet.go:2461] \"SyncLoop (PLEG): event for pod\" \
             pod=\"shop/web-{:010x}-{:05x}\" event={{\"ID\":\"{a:016x}{b:016x}\",\"Type\":\"ContainerStarted\"}}",
            b % 1_000_000,
            1000 + b % 9000,
            a >> 24,
            b >> 44
        ),
        1 => write!(
            out,
            "time=\"2026-04-12T{hour:02}:{minute:02}:{second:02}.{:09}Z\" level=info msg=\"PullImage \
             \\\"registry.example.com/shop/web:1.{}.{}\\\" returns image reference \\\"sha256:{a:016x}{b:016x}\\\"\"",
            b % 1_000_000_000,
            a % 90,
            b % 400
        ),
        2 => write!(
            out,
            "2026-04-12 {hour:02}:{minute:02}:{second:02} 10.0.{}.{} GET /api/orders/{} - 443 - 10.1.{}.{} \
             Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - 200 0 0 {}",
            a % 256,
            b % 256,
            a >> 40,
            a % 251,
            b % 253,
            b % 900
        ),
        3 => write!(
            out,
            "{{\"log\":\"orders: stored order {} for customer {}, {} items, the host answered in {} ms\\n\",\
             \"stream\":\"stdout\",\"time\":\"2026-04-12T{hour:02}:{minute:02}:{second:02}.{:09}Z\"}}",
            a >> 36,
            b >> 40,
            a % 19,
            b % 700,
            a % 1_000_000_000
        ),
        4 => write!(
            out,
            "W0412 {hour:02}:{minute:02}:{second:02}.{:06} {} prober.go:111] Probe failed: the container's \
             readiness check at http://10.244.{}.{}:8080/ready does not answer within {} ms",
            b % 1_000_000,
            1000 + a % 9000,
            a % 256,
            b % 256,
            b % 5000
        ),
        5 => write!(
            out,
            "level=debug ts=2026-04-12T{hour:02}:{minute:02}:{second:02}Z caller=hcs.go:{} component=windows \
             operation=Container.Stats cid={a:016x} memory={} processor={} storage={}",
            b % 900,
            a >> 30,
            b >> 34,
            a >> 33
        ),
        _ => write!(
            out,
            "Information 4/12/2026 {hour}:{minute:02}:{second:02} Service Control Manager 7036 None The Windows \
             Update service entered the {} state (host node-{}, image shop/web:{}).",
            if a % 2 == 0 { "running" } else { "stopped" },
            b % 120,
            a % 64
        ),
    }
}

/// Writes `bytes` bytes of log with [`HITS`] mismatches, spread evenly; a line ends with `end`.
pub fn write(out: &mut impl Write, bytes: u64, end: u8) -> io::Result<()> {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut block = Vec::with_capacity(2 << 20);
    let (mut written, mut count, mut hits) = (0, 0, 0);
    while written < bytes {
        while block.len() < 1 << 20 {
            line(&mut block, &mut numbers, count)?;
            block.push(end);
            count += 1;
        }
        // In the middle of each part.
        if hits < HITS && written * 2 * HITS as u64 >= bytes * (2 * hits as u64 + 1) {
            block.extend_from_slice(HIT.as_bytes());
            block.push(end);
            hits += 1;
        }
        let left = usize::try_from(bytes - written).unwrap_or(usize::MAX);
        block.truncate(left);
        out.write_all(&block)?;
        written += block.len() as u64;
        block.clear();
    }
    Ok(())
}

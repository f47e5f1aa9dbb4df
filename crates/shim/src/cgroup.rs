//! A cgroup (version 2) of a command's own, where one can be had: a hand around all that came of it, which one write kills at once.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where the kernel says which cgroup a process is in.
const OWN: &str = "/proc/self/cgroup";
const MOUNTS: &str = "/proc/self/mountinfo";

/// A cgroup that is ours alone.
#[derive(Debug)]
pub struct Cgroup(PathBuf);

impl Cgroup {
    /// The cgroup that this process is in, where others can be made below it: of version 2, with `cgroup.kill` (Linux 5.14), and
    /// not read-only or somebody else's.
    #[must_use]
    pub fn own() -> Option<PathBuf> {
        let own = of_process(
            &fs::read_to_string(OWN).ok()?,
            &fs::read_to_string(MOUNTS).ok()?,
        )?;
        // Whoever moves a process needs to write here, too (cgroups(7), delegation containment).
        let own_processes = own.join("cgroup.procs");
        fs::OpenOptions::new()
            .write(true)
            .open(own_processes)
            .ok()?;
        let probe =
            Self::create(own.join(format!("longwire-probe-{}", std::process::id()))).ok()?;
        let kills = probe.0.join("cgroup.kill").exists();
        probe.remove().ok()?;
        kills.then_some(own)
    }

    /// Makes it.
    ///
    /// # Errors
    /// Where the system does not let us, or it is there.
    pub(crate) fn create(dir: PathBuf) -> io::Result<Self> {
        fs::create_dir(&dir)?;
        Ok(Self(dir))
    }

    /// The one of that name, if it is there.
    #[must_use]
    pub fn at(dir: PathBuf) -> Option<Self> {
        dir.is_dir().then_some(Self(dir))
    }

    /// Puts this process into that one.
    pub(crate) fn join(dir: &Path) -> io::Result<()> {
        fs::write(dir.join("cgroup.procs"), "0")
    }

    /// How many processes are in it and in those below it; the dead do not count.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(crate) fn count(&self) -> io::Result<u32> {
        count(&self.0)
    }

    /// Kills all that is in it and below it.
    ///
    /// # Errors
    /// Where the system does not let us.
    pub fn kill(&self) -> io::Result<()> {
        fs::write(self.0.join("cgroup.kill"), "1")
    }

    /// Takes it away, with those that the command made below it.
    ///
    /// # Errors
    /// Where somebody is in it.
    pub fn remove(&self) -> io::Result<()> {
        remove(&self.0)
    }
}

fn count(dir: &Path) -> io::Result<u32> {
    let processes = fs::read_to_string(dir.join("cgroup.procs"))?;
    let here = u32::try_from(processes.lines().count()).unwrap_or(u32::MAX);
    let below = below(dir)?.into_iter();
    let counts = below.map(|dir| count(&dir).unwrap_or(0));
    Ok(counts.fold(here, u32::saturating_add))
}

fn remove(dir: &Path) -> io::Result<()> {
    for below in below(dir)? {
        remove(&below)?;
    }
    fs::remove_dir(dir)
}

fn below(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir)?.flatten();
    let dirs = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    Ok(dirs.map(|entry| entry.path()).collect())
}

/// Where the cgroup of version 2 is that `/proc/PID/cgroup` names, by the mounts.
fn of_process(own: &str, mounts: &str) -> Option<PathBuf> {
    let path = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mount = mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        // After the numbers of the mount, of its parent and of its device.
        let mut place = place.split(' ').skip(3);
        let (root, point) = (place.next()?, place.next()?);
        (kind.starts_with("cgroup2 ")).then_some((root, point))
    });
    let (root, point) = mount?;
    let within = Path::new(path).strip_prefix(root).ok()?;
    Some(Path::new(point).join(within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mounts_say_where_a_cgroup_is() {
        let alone = "24 1 0:2 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw";
        let beside = "25 1 0:1 / /proc rw - proc proc rw\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 none rw";
        let inside = "41 31 0:38 /docker/ab /sys/fs/cgroup rw - cgroup2 none rw";
        for (own, mounts, place) in [
            ("0::/\n", alone, Some("/sys/fs/cgroup/")),
            (
                "0::/user.slice/a\n",
                alone,
                Some("/sys/fs/cgroup/user.slice/a"),
            ),
            (
                "4:memory:/x\n0::/y\n",
                beside,
                Some("/sys/fs/cgroup/unified/y"),
            ),
            ("0::/docker/ab/c\n", inside, Some("/sys/fs/cgroup/c")),
            ("0::/elsewhere\n", inside, None),
            ("4:memory:/x\n", beside, None),
            ("0::/\n", "25 1 0:1 / /proc rw - proc proc rw", None),
        ] {
            assert_eq!(
                of_process(own, mounts),
                place.map(PathBuf::from),
                "{own} {mounts}"
            );
        }
    }
}

//! What the kernel asks, and what the disk answers.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use crate::disk::{About, Disk, DiskError};

/// The kernel remembers nothing: every call comes here.
const TTL: Duration = Duration::ZERO;

/// A disk, as files.
pub(super) struct Files(pub(super) Arc<Mutex<Disk>>);

impl Files {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn errno(error: DiskError) -> Errno {
    match error {
        DiskError::NotFound => Errno::ENOENT,
        DiskError::Exists => Errno::EEXIST,
        DiskError::NotADirectory => Errno::ENOTDIR,
        DiskError::IsADirectory => Errno::EISDIR,
        DiskError::NotEmpty => Errno::ENOTEMPTY,
        DiskError::OtherDirectory => Errno::EXDEV,
        DiskError::Failed => Errno::EIO,
        DiskError::ReadOnly => Errno::EROFS,
    }
}

fn attributes(request: &Request, about: About) -> FileAttr {
    FileAttr {
        ino: INodeNo(about.number),
        size: about.len,
        blocks: about.len.div_ceil(512),
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind: if about.is_dir { FileType::Directory } else { FileType::RegularFile },
        perm: u16::try_from(about.mode & 0o7777).unwrap_or(0),
        nlink: 1,
        uid: request.uid(),
        gid: request.gid(),
        rdev: 0,
        blksize: 4_096,
        flags: 0,
    }
}

/// Answers with an entry, or an error.
fn entry(request: &Request, found: Result<About, DiskError>, reply: ReplyEntry) {
    match found {
        Ok(about) => reply.entry(&TTL, &attributes(request, about), Generation(0)),
        Err(error) => reply.error(errno(error)),
    }
}

/// Answers that it was done, or with an error.
fn done(result: Result<(), DiskError>, reply: ReplyEmpty) {
    match result {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(errno(error)),
    }
}

impl Filesystem for Files {
    fn lookup(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        entry(request, self.disk().lookup(parent.0, name), reply);
    }

    fn getattr(&self, request: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.disk().about(ino.0) {
            Ok(about) => reply.attr(&TTL, &attributes(request, about)),
            Err(error) => reply.error(errno(error)),
        }
    }

    #[expect(clippy::disallowed_types, reason = "the trait's; times are not kept")]
    fn setattr(
        &self,
        request: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<std::time::SystemTime>,
        _: Option<FileHandle>,
        _: Option<std::time::SystemTime>,
        _: Option<std::time::SystemTime>,
        _: Option<std::time::SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let mut disk = self.disk();
        let set = size.map_or(Ok(()), |size| disk.set_len(ino.0, size));
        let set = set.and_then(|()| mode.map_or(Ok(()), |mode| disk.set_mode(ino.0, mode)));
        match set.and_then(|()| disk.about(ino.0)) {
            Ok(about) => reply.attr(&TTL, &attributes(request, about)),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn mkdir(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        reply: ReplyEntry,
    ) {
        entry(request, self.disk().make((parent.0, name), true, mode & !umask), reply);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(self.disk().remove(parent.0, name, false), reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(self.disk().remove(parent.0, name, true), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let mut disk = self.disk();
        if flags.contains(RenameFlags::RENAME_NOREPLACE)
            && disk.lookup(new_parent.0, new_name).is_ok()
        {
            return reply.error(Errno::EEXIST);
        }
        done(disk.rename((parent.0, name), (new_parent.0, new_name)), reply);
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        match self.disk().make((parent.0, name), false, mode & !umask) {
            Ok(about) => {
                let about = attributes(request, about);
                let flags = FopenFlags::FOPEN_DIRECT_IO;
                reply.created(&TTL, &about, Generation(0), FileHandle(0), flags);
            }
            Err(error) => reply.error(errno(error)),
        }
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.disk().read(ino.0, offset, size.into()) {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.disk().write(ino.0, offset, data) {
            Ok(()) => reply.written(u32::try_from(data.len()).unwrap_or(u32::MAX)),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(self.disk().sync(ino.0), reply);
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(self.disk().sync(ino.0), reply);
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let mut disk = self.disk();
        let names = match disk.list(ino.0) {
            Ok(names) => names,
            Err(error) => return reply.error(errno(error)),
        };
        // By number, so that a program that removes what it lists misses nothing.
        let mut names: Vec<_> = names.into_iter().filter(|(_, at)| *at > offset).collect();
        names.sort_by_key(|(_, number)| *number);
        for (name, number) in names {
            let is_dir = disk.about(number).is_ok_and(|about| about.is_dir);
            let kind = if is_dir { FileType::Directory } else { FileType::RegularFile };
            if reply.add(INodeNo(number), number, kind, name) {
                break;
            }
        }
        reply.ok();
    }
}

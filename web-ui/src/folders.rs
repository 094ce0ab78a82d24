//! Files that are dropped or chosen, and those of folders among them, as deep as these go.

use std::collections::VecDeque;

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DataTransfer, File, FileList};

use crate::browser::{member, text_member};

/// A file, or bytes, and what it is called: its path, if it comes from a folder; nothing, if the file
/// itself is to be asked, which for thousands at once takes its time.
pub(crate) type Named = (String, JsValue);

/// Of more dropped things than this, none is asked whether it is a folder. All must be asked before the
/// event is over; a folder among them is then said to be unreadable.
const MOST_ENTRIES: usize = 500;

/// What is dropped: files, and entries that may be folders, which take time to read.
pub(crate) struct Dropped {
    files: Vec<Named>,
    entries: VecDeque<JsValue>,
}

impl Dropped {
    /// Takes what is dropped. It is there only as long as the event is handled.
    pub(crate) fn of(data: &DataTransfer) -> Self {
        let files = named(data.files());
        let items = member(data, "items");
        let count = crate::format::whole_usize(member(&items, "length").as_f64().unwrap_or(0.0));
        let asked = if count > MOST_ENTRIES { 0 } else { count };
        let entries: Vec<_> = (0..asked).filter_map(|at| entry(&items, at)).collect();
        let has_folder = entries.iter().any(is_folder);
        // Without folders the list is all there is, and quicker to read.
        let entries = if has_folder { entries.into() } else { VecDeque::new() };
        Self { files: if has_folder { Vec::new() } else { files }, entries }
    }

    /// Whether nothing was dropped but text.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.entries.is_empty()
    }

    /// All files, those of folders too. What cannot be read is left out.
    pub(crate) async fn files(self) -> Vec<Named> {
        let Self { mut files, mut entries } = self;
        while let Some(entry) = entries.pop_front() {
            let path = text_member(&entry, "fullPath");
            if is_hidden(&path) {
                continue;
            }
            if is_folder(&entry) {
                entries.extend(inside(&entry).await);
            } else if let Some(file) = file_of(&entry).await {
                files.push((path.trim_start_matches('/').to_owned(), file));
            }
        }
        files
    }
}

/// The files of a list, by their paths if they come from a folder.
pub(crate) fn named(files: Option<FileList>) -> Vec<Named> {
    let Some(files) = files else {
        return Vec::new();
    };
    let all = (0..files.length()).filter_map(|at| files.get(at));
    if files.get(0).is_none_or(|first| path(&first).is_empty()) {
        return all.map(|file| (String::new(), file.into())).collect();
    }
    let all = all.map(|file| (path(&file), file.into()));
    all.filter(|(path, _)| !is_hidden(path)).collect()
}

fn path(file: &File) -> String {
    text_member(file, "webkitRelativePath")
}

/// What a file is called.
pub(crate) fn name((name, file): &Named) -> String {
    match file.dyn_ref::<File>() {
        Some(file) if name.is_empty() => file.name(),
        _ => name.clone(),
    }
}

/// Files of the system, such as `.DS_Store`, which nobody chose; only in a folder.
fn is_hidden(path: &str) -> bool {
    path.trim_start_matches('/').split('/').skip(1).any(|part| part.starts_with('.'))
}

fn is_folder(entry: &JsValue) -> bool {
    member(entry, "isDirectory").is_truthy()
}

/// The entry of a dropped item, where the browser gives one.
fn entry(items: &JsValue, at: usize) -> Option<JsValue> {
    let item = Reflect::get(items, &JsValue::from_str(&at.to_string())).ok()?;
    let get = member(&item, "webkitGetAsEntry").dyn_into::<Function>().ok()?;
    get.call0(&item).ok().filter(JsValue::is_object)
}

/// What lies in a folder. A reader gives a hundred at a time, and none when it is through.
async fn inside(folder: &JsValue) -> Vec<JsValue> {
    let mut all = Vec::new();
    let reader = member(folder, "createReader").dyn_into::<Function>();
    let Some(reader) = reader.ok().and_then(|make| make.call0(folder).ok()) else {
        return all;
    };
    while let Some(some) = asked(&reader, "readEntries").await {
        let some = Array::from(&some);
        if some.length() == 0 {
            break;
        }
        all.extend(some.iter());
    }
    all
}

async fn file_of(entry: &JsValue) -> Option<JsValue> {
    asked(entry, "file").await
}

/// Calls a method that answers by a callback.
async fn asked(of: &JsValue, method: &str) -> Option<JsValue> {
    let method = member(of, method).dyn_into::<Function>().ok()?;
    let promise = Promise::new(&mut |resolve, reject| {
        if let Err(error) = method.call2(of, &resolve, &reject) {
            drop(reject.call1(&JsValue::UNDEFINED, &error));
        }
    });
    JsFuture::from(promise).await.ok()
}

#[cfg(test)]
mod tests {
    use super::is_hidden;

    #[test]
    fn what_the_system_leaves_in_a_folder_is_not_chosen() {
        assert!(is_hidden("/march/.DS_Store") && is_hidden("march/.git/config"));
        assert!(!is_hidden("march/1.cairn") && !is_hidden(".cairn"));
    }
}

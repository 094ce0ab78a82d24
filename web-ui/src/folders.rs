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

/// Files in their order.
pub(crate) enum Files {
    /// As the browser lists them: thousands are not taken one by one before each has its turn.
    Listed(Array),
    /// With their paths.
    Named(Vec<Named>),
}

impl Files {
    const fn none() -> Self {
        Self::Named(Vec::new())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Listed(list) => usize::try_from(list.length()).unwrap_or(0),
            Self::Named(files) => files.len(),
        }
    }

    /// The one at a place.
    pub(crate) fn at(&self, place: usize) -> Option<Named> {
        match self {
            Self::Listed(list) => {
                let at = u32::try_from(place).ok().filter(|at| *at < list.length())?;
                Some((String::new(), list.get(at)))
            }
            Self::Named(files) => files.get(place).cloned(),
        }
    }
}

/// Of more dropped things than this, none is asked whether it is a folder. All must be asked before the
/// event is over; a folder among them is then said to be unreadable.
const MOST_ENTRIES: usize = 500;

/// What is dropped: files, and entries that may be folders, which take time to read.
pub(crate) struct Dropped {
    files: Files,
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
        Self { files: if has_folder { Files::none() } else { files }, entries }
    }

    /// Whether nothing was dropped but text.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.len() == 0 && self.entries.is_empty()
    }

    /// All files, those of folders too. What cannot be read is left out.
    pub(crate) async fn files(self) -> Files {
        let Self { files, mut entries } = self;
        if entries.is_empty() {
            return files;
        }
        let mut files = Vec::new();
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
        Files::Named(files)
    }
}

/// The files of a list, by their paths if they come from a folder.
pub(crate) fn named(files: Option<FileList>) -> Files {
    let Some(files) = files else {
        return Files::none();
    };
    if files.get(0).is_none_or(|first| path(&first).is_empty()) {
        // The list itself is empty once the event is over.
        return Files::Listed(Array::from(&files));
    }
    let all = (0..files.length()).filter_map(|at| files.get(at));
    let all = all.map(|file| (path(&file), file.into()));
    Files::Named(all.filter(|(path, _)| !is_hidden(path)).collect())
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

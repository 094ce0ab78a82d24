//! Panics as traps: what would write a message that nobody can read is left out of a module.
//!
//! A panic of ours ends in the instruction `unreachable`, and WebAssembly without an operating
//! system has nowhere to write its sentence to. The compiler still brings along what makes the
//! sentence: its parts, file and line of each place, and the code that puts them together. Here
//! the place traps at once. The instance is given up after a trap, whichever way it came to it.
//!
//! **Invariant:** only a function that can do nothing but trap is replaced: it has no way to return,
//! and neither it nor what it calls by name calls JavaScript.
#![expect(clippy::wildcard_enum_match_arm, reason = "WebAssembly has hundreds of instructions")]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use walrus::ir::{Instr, InstrLocId, InstrSeqId, InstrSeqType, Unreachable, Value};
use walrus::{ConstExpr, Data, DataKind, FunctionId, LocalFunction, Module};

/// Replaces calls of what can only trap by a trap. Gives the number of functions that can.
pub(crate) fn instead_of_panics(module: &mut Module) -> usize {
    let trapping = trapping(module);
    for (id, function) in module.funcs.iter_local_mut() {
        let entry = function.entry_block();
        if trapping.contains(&id) {
            function.block_mut(entry).instrs = vec![trap()];
        } else {
            cut(function, entry, &trapping);
            flatten(function, entry, false);
        }
    }
    forget_places(module);
    trapping.len()
}

fn trap() -> (Instr, InstrLocId) {
    (Unreachable {}.into(), Default::default())
}

/// What a function does, as far as it matters here.
struct Traits {
    ends: bool,
    calls: Vec<FunctionId>,
}

/// The functions that cannot return, and call no JavaScript by name.
fn trapping(module: &Module) -> BTreeSet<FunctionId> {
    let traits: BTreeMap<FunctionId, Traits> =
        module.funcs.iter_local().map(|(id, function)| (id, traits(function))).collect();
    let is_local = |id: &FunctionId| traits.contains_key(id);
    let ending = traits.iter().filter(|(_, traits)| traits.ends).map(|(id, _)| *id);
    ending.filter(|id| reached(*id, &traits).iter().all(is_local)).collect()
}

/// The function and all that it calls by name.
fn reached(from: FunctionId, traits: &BTreeMap<FunctionId, Traits>) -> BTreeSet<FunctionId> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            open.extend(traits.get(&id).into_iter().flat_map(|traits| &traits.calls));
        }
    }
    seen
}

fn traits(function: &LocalFunction) -> Traits {
    let entry = function.entry_block();
    let (mut calls, mut returns) = (Vec::new(), false);
    for seq in sequences(function, entry) {
        for (instr, _) in &function.block(seq).instrs {
            match instr {
                Instr::Call(call) => calls.push(call.func),
                Instr::RefFunc(named) => calls.push(named.func),
                _ => {}
            }
            returns |= leaves(instr) || targets(instr).contains(&entry);
        }
    }
    let last = function.block(entry).instrs.last();
    let ends = matches!(last, Some((Instr::Unreachable(_), _))) && !returns;
    Traits { ends, calls }
}

/// Whether an instruction leaves the function in a way that is not a branch. Those that our compiler
/// does not write count as leaving.
const fn leaves(instr: &Instr) -> bool {
    matches!(
        instr,
        Instr::Return(_)
            | Instr::ReturnCall(_)
            | Instr::ReturnCallIndirect(_)
            | Instr::ReturnCallRef(_)
            | Instr::CallRef(_)
            | Instr::Throw(_)
            | Instr::ThrowRef(_)
            | Instr::Rethrow(_)
            | Instr::Try(_)
            | Instr::TryTable(_)
            | Instr::BrOnNull(_)
            | Instr::BrOnNonNull(_)
            | Instr::BrOnCast(_)
            | Instr::BrOnCastFail(_)
    )
}

/// Where an instruction may branch to.
fn targets(instr: &Instr) -> Vec<InstrSeqId> {
    match instr {
        Instr::Br(br) => vec![br.block],
        Instr::BrIf(br) => vec![br.block],
        Instr::BrTable(table) => table.blocks.iter().copied().chain([table.default]).collect(),
        _ => Vec::new(),
    }
}

/// The sequences directly inside of an instruction.
fn inner(instr: &Instr) -> Vec<InstrSeqId> {
    match instr {
        Instr::Block(block) => vec![block.seq],
        Instr::Loop(block) => vec![block.seq],
        Instr::IfElse(both) => vec![both.consequent, both.alternative],
        _ => Vec::new(),
    }
}

/// A sequence and all inside of it.
fn sequences(function: &LocalFunction, from: InstrSeqId) -> Vec<InstrSeqId> {
    let (mut found, mut open) = (Vec::new(), vec![from]);
    while let Some(seq) = open.pop() {
        found.push(seq);
        open.extend(function.block(seq).instrs.iter().flat_map(|(instr, _)| inner(instr)));
    }
    found
}

/// Ends each sequence where it can only trap, and leaves out what was worked out for that.
fn cut(function: &mut LocalFunction, seq: InstrSeqId, trapping: &BTreeSet<FunctionId>) {
    let children: Vec<_> =
        function.block(seq).instrs.iter().flat_map(|(instr, _)| inner(instr)).collect();
    for child in children {
        cut(function, child, trapping);
    }
    let instrs = &function.block(seq).instrs;
    let Some(end) = instrs.iter().position(|(instr, _)| only_traps(function, instr, trapping))
    else {
        return;
    };
    let instrs = &mut function.block_mut(seq).instrs;
    instrs.truncate(end);
    while instrs.last().is_some_and(|(instr, _)| is_work(instr)) {
        instrs.pop();
    }
    instrs.push(trap());
}

fn only_traps(function: &LocalFunction, instr: &Instr, trapping: &BTreeSet<FunctionId>) -> bool {
    match instr {
        Instr::Unreachable(_) => true,
        Instr::Call(call) => trapping.contains(&call.func),
        Instr::Block(block) => {
            matches!(function.block(block.seq).instrs.first(), Some((Instr::Unreachable(_), _)))
        }
        _ => false,
    }
}

/// Whether all that an instruction does is gone with the instance. What it would have taken from the
/// stack may stay there: a trap takes any stack.
const fn is_work(instr: &Instr) -> bool {
    matches!(
        instr,
        Instr::Const(_)
            | Instr::LocalGet(_)
            | Instr::LocalSet(_)
            | Instr::LocalTee(_)
            | Instr::GlobalGet(_)
            | Instr::GlobalSet(_)
            | Instr::Unop(_)
            | Instr::Binop(_)
            | Instr::TernOp(_)
            | Instr::Select(_)
            | Instr::Load(_)
            | Instr::Store(_)
            | Instr::Drop(_)
    )
}

/// Makes one of nested blocks that all end before a trap: `(block (block ..) unreachable) unreachable`.
fn flatten(function: &mut LocalFunction, seq: InstrSeqId, before_trap: bool) {
    while let Some(nested) = before_trap.then(|| nested_before_trap(function, seq)).flatten() {
        let within = sequences(function, nested);
        let nested_instrs = std::mem::take(&mut function.block_mut(nested).instrs);
        let instrs = &mut function.block_mut(seq).instrs;
        instrs.truncate(instrs.len().saturating_sub(2));
        instrs.extend(nested_instrs);
        instrs.push(trap());
        for id in within.into_iter().chain([seq]) {
            retarget(function, id, (nested, seq));
        }
    }
    let instrs = &function.block(seq).instrs;
    let mut children = Vec::new();
    for (at, (instr, _)) in instrs.iter().enumerate() {
        let next = instrs.get(at.saturating_add(1));
        let traps =
            matches!(instr, Instr::Block(_)) && matches!(next, Some((Instr::Unreachable(_), _)));
        children.extend(inner(instr).into_iter().map(|child| (child, traps)));
    }
    for (child, traps) in children {
        flatten(function, child, traps);
    }
}

/// The block that a sequence ends in but for a trap, if neither gives a value.
fn nested_before_trap(function: &LocalFunction, seq: InstrSeqId) -> Option<InstrSeqId> {
    let is_plain = |seq| matches!(function.block(seq).ty, InstrSeqType::Simple(None));
    match function.block(seq).instrs.as_slice() {
        [.., (Instr::Block(block), _), (Instr::Unreachable(_), _)]
            if is_plain(seq) && is_plain(block.seq) =>
        {
            Some(block.seq)
        }
        _ => None,
    }
}

fn retarget(function: &mut LocalFunction, seq: InstrSeqId, (old, new): (InstrSeqId, InstrSeqId)) {
    let change = |target: &mut InstrSeqId| {
        if *target == old {
            *target = new;
        }
    };
    for (instr, _) in &mut function.block_mut(seq).instrs {
        match instr {
            Instr::Br(br) => change(&mut br.block),
            Instr::BrIf(br) => change(&mut br.block),
            Instr::BrTable(table) => {
                table.blocks.iter_mut().for_each(change);
                change(&mut table.default);
            }
            _ => {}
        }
    }
}

/// Blanks the places that panics would have named: address and length of a Rust file's name, line,
/// column. Zeros take no room once they are compressed.
fn forget_places(module: &mut Module) {
    let all: Vec<_> = module.data.iter().map(Data::id).collect();
    for id in all {
        let data = module.data.get_mut(id);
        let DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = data.kind else {
            continue;
        };
        let each = (0..data.value.len()).step_by(4);
        let places: Vec<_> = each.filter_map(|at| place(&data.value, start, at)).collect();
        for range in places.into_iter().flatten() {
            data.value.get_mut(range).into_iter().flatten().for_each(|byte| *byte = 0);
        }
    }
}

const PLACE_LEN: usize = 16;

/// Where a place and its file's name are, if there is one at `at`.
#[expect(clippy::little_endian_bytes, reason = "WebAssembly's memory is")]
fn place(data: &[u8], start: i32, at: usize) -> Option<[Range<usize>; 2]> {
    let all = at..at.checked_add(PLACE_LEN)?;
    let (words, _) = data.get(all.clone())?.as_chunks::<4>();
    let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let &[address, length, line, column] = words.as_slice() else { return None };
    let from = usize::try_from(address.checked_sub(u32::try_from(start).ok()?)?).ok()?;
    let name = from..from.checked_add(usize::try_from(length).ok()?)?;
    let text = data.get(name.clone())?;
    let is_name = text.ends_with(b".rs") && text.iter().all(u8::is_ascii_graphic);
    let is_place = (1..100_000).contains(&line) && (1..1_000).contains(&column);
    (is_place && is_name).then_some([all, name])
}

#[cfg(test)]
mod tests {
    use walrus::{FunctionBuilder, ValType};
    use wasmparser::Validator;

    use super::*;

    /// What the calls in a function call, by name.
    fn calls(module: &Module, name: &str) -> Vec<String> {
        let function = module.funcs.get(module.funcs.by_name(name).unwrap());
        let called = traits(function.kind.unwrap_local()).calls;
        called.into_iter().map(|id| module.funcs.get(id).name.clone().unwrap()).collect()
    }

    fn shown(module: &Module, name: &str) -> String {
        let function = module.funcs.get(module.funcs.by_name(name).unwrap()).kind.unwrap_local();
        let list = |seq: InstrSeqId| format!("{:?}", function.block(seq).instrs);
        sequences(function, function.entry_block()).into_iter().map(list).collect()
    }

    /// `panic` traps after some work; `throw` calls JavaScript before; `maybe` may return. Each is called
    /// by a function of its own in a block that is left if an argument is not zero.
    fn module() -> Module {
        let mut module = Module::default();
        let ty = module.types.add(&[ValType::I32], &[]);
        let (js, _) = module.add_import_func("js", "throw", ty);
        module.funcs.get_mut(js).name = Some("js".to_owned());
        let mut made = Vec::new();
        for name in ["panic", "throw", "maybe"] {
            let place = module.locals.add(ValType::I32);
            let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[]);
            builder.name(name.to_owned());
            let mut body = builder.func_body();
            match name {
                "throw" => drop(body.local_get(place).call(js)),
                "maybe" => {
                    let entry = body.id();
                    body.local_get(place).br_if(entry);
                }
                _ => drop(body.i32_const(7).drop()),
            }
            body.unreachable();
            made.push((name, builder.finish(vec![place], &mut module.funcs)));
        }
        for (name, called) in made {
            let given = module.locals.add(ValType::I32);
            let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[]);
            builder.name(format!("calls {name}"));
            builder.func_body().block(None, |outer| {
                let skip = outer.id();
                outer.block(None, |inner| {
                    let fails = inner.id();
                    inner.local_get(given).br_if(fails).br(skip);
                });
                outer.i32_const(1_000_001).call(called).unreachable();
            });
            let id = builder.finish(vec![given], &mut module.funcs);
            module.exports.add(name, id);
        }
        module
    }

    #[test]
    fn only_what_can_do_nothing_else_is_a_trap() {
        let mut module = module();
        assert_eq!(instead_of_panics(&mut module), 1);
        assert!(calls(&module, "calls panic").is_empty());
        assert!(!shown(&module, "calls panic").contains("1000001"), "the place is still there");
        assert_eq!(calls(&module, "calls throw"), ["throw"]);
        assert_eq!(calls(&module, "calls maybe"), ["maybe"]);
        assert_eq!(calls(&module, "throw"), ["js"]);
        Validator::new().validate_all(&module.emit_wasm()).unwrap();
    }

    #[test]
    fn nested_blocks_before_a_trap_are_one() {
        let mut module = Module::default();
        let given = module.locals.add(ValType::I32);
        let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[]);
        builder.name("nested".to_owned());
        builder.func_body().block(None, |outer| {
            outer.block(None, |inner| {
                let fails = inner.id();
                inner.local_get(given).br_if(fails).return_();
            });
            outer.unreachable();
        });
        builder.func_body().unreachable();
        let id = builder.finish(vec![given], &mut module.funcs);
        module.exports.add("nested", id);
        let blocks = |module: &Module| shown(module, "nested").matches("Block(").count();
        assert_eq!(blocks(&module), 2);
        assert_eq!(instead_of_panics(&mut module), 0);
        assert_eq!(blocks(&module), 1);
        Validator::new().validate_all(&module.emit_wasm()).unwrap();
    }

    #[test]
    #[expect(clippy::little_endian_bytes, reason = "WebAssembly's memory is")]
    fn places_are_blanked_and_nothing_else() {
        const START: u32 = 1 << 20;
        let name = b"verifier/src/lib.rs.";
        let mut data = name.to_vec();
        let length = u32::try_from(name.len()).unwrap() - 1;
        for word in [START, length, 12, 5, START, length + 1, 12, 5] {
            data.extend(word.to_le_bytes());
        }
        let start = i32::try_from(START).unwrap();
        assert_eq!(place(&data, start, name.len()), Some([20..36, 0..19]));
        assert_eq!(place(&data, start, 24), None);
        assert_eq!(place(&data, start, 36), None, "no file of Rust");
        assert_eq!(place(&data, start + 1, 20), None, "before the data");
        assert_eq!(place(&data, start, data.len() - 8), None, "past its end");
    }
}

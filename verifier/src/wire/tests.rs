use super::*;

const FIRST: DecodeError = DecodeError::NotAscending { what: "first" };
const SECOND: DecodeError = DecodeError::NotCanonical { what: "second" };

#[test]
fn the_first_reason_stands() {
    let mut reader = Reader::new(&[7]);
    let first = reader.refuse(FIRST);
    let second = reader.refuse(SECOND);
    assert_eq!((reader.reason(first), reader.reason(second)), (FIRST, FIRST));
    let truncated = reader.u64().unwrap_err();
    assert_eq!(reader.reason(truncated), FIRST);
}

#[test]
fn a_refusal_that_is_dropped_still_refuses() {
    let dropped = decode_all(&[], |reader| {
        let _refused = reader.refuse(FIRST);
        Ok(())
    });
    assert_eq!(dropped, Err(FIRST));
    let over_what_is_left = decode_all(&[0], |reader| {
        let _refused = reader.u16();
        Ok(())
    });
    let truncated = DecodeError::Truncated { at: 0, needed: 2, left: 1 };
    assert_eq!(over_what_is_left, Err(truncated));
}

#[test]
fn what_another_reader_refused_is_refused_without_its_reason() {
    let refused = Reader::new(&[]).refuse(FIRST);
    let found = decode_all(&[], |_| Err::<(), _>(refused));
    assert!(matches!(found, Err(DecodeError::NotCanonical { .. })));
}

#[test]
fn a_file_is_compared_by_type_first() {
    let file = |bytes| decode_all(bytes, |reader| reader.file(1, b'R'));
    assert_eq!(file(&[1, b'R']), Ok(()));
    assert_eq!(file(&[2, b'R']), Err(DecodeError::Version { expected: 1, found: 2 }));
    assert_eq!(file(&[2, b'X']), Err(DecodeError::FileType { expected: b'R', found: b'X' }));
    assert_eq!(file(&[1]), Err(DecodeError::Truncated { at: 1, needed: 1, left: 0 }));
    assert_eq!(file(&[]), Err(DecodeError::Truncated { at: 0, needed: 1, left: 0 }));
}

#[test]
fn an_error_says_where_it_is() {
    let read = |bytes| {
        decode_all(bytes, |reader| {
            let _number = reader.u32()?;
            reader.take(3)
        })
    };
    assert_eq!(read(&[0; 6]), Err(DecodeError::Truncated { at: 4, needed: 3, left: 2 }));
    assert_eq!(read(&[0; 9]), Err(DecodeError::Trailing { at: 7, left: 2 }));
    assert_eq!(read(&[0; 7]), Ok([0; 3].as_slice()));
}

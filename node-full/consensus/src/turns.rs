//! Whose turn it is to propose.
//!
//! Every validator has as many turns in a cycle as it has voting power, evenly spaced: its turn
//! *j* (from 1) stands at `(2j - 1) / (2 x power)` of the cycle. The turns of all, in order of
//! their place and then of index, are the cycle. This is the weighted round robin of CometBFT
//! without its running priorities: any turn is found at once from its number alone, so nothing
//! has to be kept or replayed, and a validator that is down never has two turns close together
//! unless its weight demands it.

/// How finely a cycle is cut for the search: below the distance of two turns of one validator.
const SCALE_BITS: u32 = 64;

/// The index whose turn `number` is; the powers are at least 1 and their sum is below 2^62.
pub(crate) fn turn(powers: &[u64], number: u64) -> Option<usize> {
    let total = powers.iter().fold(0_u64, |sum, power| sum.saturating_add(*power));
    let wanted = number.checked_rem(total)?;
    // The last cut before which at most `wanted` turns stand.
    let (mut low, mut high) = (0_u128, 1_u128.checked_shl(SCALE_BITS)?);
    while high.saturating_sub(low) > 1 {
        let middle = low.midpoint(high);
        if turns_before(powers, middle) <= u128::from(wanted) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let before = turns_before(powers, low);
    let mut next = Vec::with_capacity(powers.len());
    for (index, power) in powers.iter().enumerate() {
        let turn = turns_of(*power, low).saturating_add(1);
        next.push((turn.saturating_mul(2).saturating_sub(1), u128::from(*power), index));
    }
    // Fractions of different powers compare across; both products are below 2^126.
    next.sort_by(|a, b| {
        let (left, right) = (a.0.saturating_mul(b.1), b.0.saturating_mul(a.1));
        left.cmp(&right).then(a.2.cmp(&b.2))
    });
    let place = usize::try_from(u128::from(wanted).saturating_sub(before)).ok()?;
    next.get(place).map(|(_, _, index)| *index)
}

/// How many turns of this power stand before `cut` parts of 2^64 of a cycle: the whole part of
/// `power x cut + 1/2`.
fn turns_of(power: u64, cut: u128) -> u128 {
    let half = 1_u128 << (SCALE_BITS - 1);
    u128::from(power).saturating_mul(cut).saturating_add(half) >> SCALE_BITS
}

fn turns_before(powers: &[u64], cut: u128) -> u128 {
    powers.iter().fold(0, |sum, power| turns_of(*power, cut).saturating_add(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slow and obvious: every turn of the cycle, sorted.
    fn cycle(powers: &[u64]) -> Vec<usize> {
        let mut turns = Vec::new();
        for (index, power) in powers.iter().enumerate() {
            for j in 1..=*power {
                turns.push((2 * j - 1, *power, index));
            }
        }
        turns.sort_by(|a, b| (a.0 * b.1).cmp(&(b.0 * a.1)).then(a.2.cmp(&b.2)));
        turns.into_iter().map(|(_, _, index)| index).collect()
    }

    #[test]
    fn every_turn_is_that_of_the_whole_cycle() {
        for powers in [
            vec![1],
            vec![1, 1, 1, 1],
            vec![30, 25, 25, 20],
            vec![7, 1],
            vec![100, 1, 1, 33, 2],
            vec![3, 3, 2, 5, 8, 13],
        ] {
            let cycle = cycle(&powers);
            for (number, index) in (0..).zip(&cycle) {
                assert_eq!(turn(&powers, number), Some(*index), "{powers:?} {number}");
            }
            let total = u64::try_from(cycle.len()).unwrap();
            assert_eq!(turn(&powers, total * 5 + 1), turn(&powers, 1));
        }
    }

    #[test]
    fn the_largest_set_is_no_trouble() {
        let powers = vec![(1_u64 << 62) / 101; 100];
        let seen: Vec<_> = (0..200).filter_map(|number| turn(&powers, number)).collect();
        let expected: Vec<usize> = (0..100).chain(0..100).collect();
        assert_eq!(seen, expected);
        assert_eq!(turn(&[1 << 61, 1], u64::MAX), Some(0));
    }

    #[test]
    fn nobody_has_two_turns_in_a_row_among_equals() {
        for number in 0..1_000 {
            assert_ne!(turn(&[5; 4], number), turn(&[5; 4], number + 1));
        }
    }
}

//! One test per invariant: a text that breaks it, and the message that says so.

use super::verify;
use crate::text::parse;

/// The verifier's complaints about a function with this body.
fn complaints(body: &str) -> String {
    let func =
        parse(&format!("func @f func0 -> I64 phase=ssa {{\n{body}\n}}")).expect("the text is well-formed");
    let errors = verify(&func).expect_err("the body breaks an invariant");
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

macro_rules! rejects {
    ($($name:ident: $body:literal => $message:literal;)+) => {
        $(#[test]
        fn $name() {
            let found = complaints($body);
            assert!(found.contains($message), "{found}");
        })+
    };
}

rejects! {
    an_empty_block: "bb0:" => "the block is empty";
    a_missing_terminator: "bb0(v0: I64):\n v1: I64 = ineg v0" => "ineg cannot stand at the end of a block";
    a_terminator_inside: "bb0(v0: I64):\n return v0\n return v0" => "return must stand at the end of a block";
    a_missing_edge: "bb0(v0: CBool):\n branch v0, bb1\nbb1:\n unreachable" => "branch has 1 edges, not 2";
    an_edge_to_nowhere: "bb0:\n jump bb7" => "bb7 is not in the layout";
    an_edge_to_the_entry: "bb0:\n jump bb0" => "an edge goes to the entry";
    an_undefined_value: "bb0:\n return v3" => "definition does not dominate";
    a_use_before_its_definition: "bb0(v0: I64):\n v2: I64 = ineg v1\n v1: I64 = ineg v0\n return v2"
        => "uses v1, whose definition does not dominate it";
    a_use_past_a_join: "bb0(v0: CBool, v1: I64):\n branch v0, bb1, bb2\nbb1:\n v2: I64 = ineg v1\n jump bb2\nbb2:\n return v2"
        => "uses v2, whose definition does not dominate it";
    a_state_with_an_undefined_value: "fs0 = state func0 0 [v9] []\nbb0:\n deopt @fs0" => "uses v9";
    a_missing_argument: "bb0:\n jump bb1\nbb1(v0: I64):\n return v0" => "bb1 takes 1 arguments, not 0";
    a_missing_state: "bb0(v0: CBool):\n guard v0\n unreachable" => "guard lacks a frame state";
    a_lost_operand: "fs0 = state func0 0 [] [v0] done 2 result\nbb0(v0: Object):\n v1: Object = call_helper #get_iter v0 @fs0\n unreachable"
        => "the frame state lacks operands that stay";
    a_needless_state: "fs0 = state func0 0 [] []\nbb0(v0: I64):\n v1: I64 = ineg v0 @fs0\n return v1"
        => "ineg cannot have a frame state";
    a_wrong_operand: "bb0(v0: F64, v1: I64):\n v2: F64 = fadd v0, v1\n return v1" => "operand 1 of fadd is I64, not F64";
    a_missing_operand: "bb0(v0: F64, v1: I64):\n v2: F64 = fadd v0\n return v1" => "fadd takes 2 operands, not 1";
    mixed_widths: "bb0(v0: I32, v1: I64):\n v2: I64 = iadd v1, v0\n return v2" => "iadd of (I64, I32) cannot be I64";
    a_wrong_result: "bb0(v0: I64):\n v1: I32 = ineg v0\n return v0" => "ineg of (I64) cannot be I32";
    a_wrong_argument: "bb0(v0: F64):\n jump bb1(v0)\nbb1(v1: I64):\n return v1" => "v0: F64 is passed for v1: I64";
    a_wrong_return: "bb0(v0: F64):\n return v0" => "returns F64, not I64";
    two_representations: "bb0(v0: I64|F64):\n unreachable" => "v0: I64|F64 has no single representation";
}

/// The reference-count checker's complaints about a counted function `(v0: Object, v1: CBool) -> Object`.
fn count_complaints(body: &str) -> String {
    let text = format!(
        "func @f func0 -> Object phase=counted {{\n field0 = field class20.x +24 word Object\n fs0 = state func0 0 [] []\n\
         bb0(v0: Object, v1: CBool):\n{body}\n}}"
    );
    let errors = verify(&parse(&text).expect("well-formed")).expect_err("the body breaks an invariant");
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

macro_rules! rejects_counts {
    ($($name:ident: $body:literal => $message:literal;)+) => {
        $(#[test]
        fn $name() {
            let found = count_complaints($body);
            assert!(found.contains($message), "{found}");
        })+
    };
}

rejects_counts! {
    a_leak: " v2: Object = call_helper #get_iter v0 @fs0\n incref v0\n return v0" => "are still held at the return";
    a_double_release: " v2: Object = call_helper #get_iter v0 @fs0\n decref v2\n decref v2\n incref v0\n return v0"
        => "decref consumes v2, which is not owned";
    a_borrowed_return: " return v0" => "return consumes v0, which is not owned";
    a_release_on_one_way_only: " v2: Object = call_helper #get_iter v0 @fs0\n branch v1, bb1, bb2\nbb1:\n decref v2\n jump bb3\nbb2:\n jump bb3\nbb3:\n incref v0\n return v0"
        => "v2 is still held when bb3 is entered";
    a_use_behind_a_write: " v2: Object = load_field #field0 v0\n incref v0\n v3: Word = swap_field #field0 v0, v0\n v4: TypeObject = type_of v2\n decref v3\n incref v0\n return v0"
        => "v2 is used after what kept it alive was written";
    an_argument_that_the_callee_may_release: " v2: Object = load_field #field0 v0\n v3: Object = call_helper #get_iter v2 @fs0\n return v3"
        => "v2 may be released while call_helper uses it";
    an_unrecorded_owner: " v2: Object = call_helper #get_iter v0 @fs0\n v3: Object = call_helper #get_iter v2 @fs0\n decref v2\n return v3"
        => "records {} as owned, but {v2: 1} are";
    an_owning_parameter_without_a_reference: " jump bb1(v0)\nbb1(v2: Object owned):\n return v2"
        => "v2 owns its argument v0, which comes without a reference";
}

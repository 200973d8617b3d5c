//! The line over the real ledger code: any order, any interleaving, any copy;
//! attempts that die, answers that are lost.

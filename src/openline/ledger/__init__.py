"""The record: leaves, the Merkle tree over them, its checkpoints, tiles and proofs."""

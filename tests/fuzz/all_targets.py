"""Every target by its name, which is also the name of its folder in the corpus."""

from __future__ import annotations

from tests.fuzz.bundle_targets import BUNDLES
from tests.fuzz.kept_targets import KEPT
from tests.fuzz.ledger_targets import LEDGER
from tests.fuzz.proof_targets import PROOFS
from tests.fuzz.targets import DOCUMENTS
from tests.fuzz.witness_targets import WITNESSING

TARGETS = {**BUNDLES, **DOCUMENTS, **KEPT, **LEDGER, **PROOFS, **WITNESSING}

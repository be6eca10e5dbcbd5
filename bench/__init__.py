"""One script for each number we publish. `make bench` runs them all."""

from openline.adapters.machine_code import keep_machine_code

# before anything imports a kernel: each run would compile its own otherwise
keep_machine_code()

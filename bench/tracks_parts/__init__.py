"""What the bench of live tracks is made of: the scene, peers, accuracy, the plot."""

from openline.adapters.machine_code import keep_machine_code

# Before any part imports a kernel.
keep_machine_code()

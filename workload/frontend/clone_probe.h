#pragma once

namespace ceiling::frontend {

/// Whether this process may have one more task now: makes a child by a bare clone(2), as fork does
/// but without a stack, a handler or an allocation, and reaps it. 0 when the kernel made it, else
/// the errno of its refusal. Right after a refused thread the answer tells a limit on memory (0:
/// the stack was refused, not the task) from a limit on tasks.
int clone_probe();

}  // namespace ceiling::frontend

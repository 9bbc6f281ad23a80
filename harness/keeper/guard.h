#pragma once

#include <functional>

namespace ceiling {

/// Exit status of a guard whose other half has died.
inline constexpr int kGuardDied = 125;

/// Stands above a tree of processes that nothing may outlive, without root and without control
/// groups: two processes, this one and a child of it that carries out `inner`, both child
/// subreapers (PR_SET_CHILD_SUBREAPER(2const)), so that every orphan of the tree comes to one of
/// them. Whichever ends, however, the other ends all that is left; only both at one blow leave
/// anything behind.
///
/// `inner` is given a descriptor that becomes readable when this process has ended: it has to
/// return then. Signals that a person sends to this process with kill(1) (INT, TERM, HUP) are
/// handed on to it; those that a terminal sends reach all of its foreground by themselves, and are
/// left to the tree. Returns what `inner` returns, kGuardDied where it was killed. Throws Error
/// where there can be no second process.
int guarded(const std::function<int(int outer)>& inner);

}  // namespace ceiling

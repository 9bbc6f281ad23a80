#pragma once

#include "harness/report/json_values.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// Inside report/: what result_json() writes.
OrderedJson result_document(const RunVerdict& verdict);

}  // namespace ceiling

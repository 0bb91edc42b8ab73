// SPDX-License-Identifier: Apache-2.0
#include "cli/run_table.h"

#include <gtest/gtest.h>

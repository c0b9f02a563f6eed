// The command line of koan-train adapt.
#pragma once

#include <CLI/CLI.hpp>

#include "adapt/commands.h"

namespace koan {

// `options` outlives the parsing. The caller sets what happens then.
CLI::App* add_adapt_command(CLI::App& app, AdaptOptions& options);

}  // namespace koan

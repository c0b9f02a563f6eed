// What the verbs that read their own words share.
#pragma once

#include <span>
#include <string>

#include "base/result.h"

namespace CLI {
class App;
}

namespace koan::cli {

// False: help, or what is wrong, was printed, and *code says how to end. `command`: whose --help is proposed, such as
// "koan generate".
bool parse_words(CLI::App& app, std::span<const std::string> words, const std::string& command, int* code);

// The exit code of a command that ends so; says the error.
int end_with(const Status& status);

unsigned available_cores();  // to this process, at least 1

}  // namespace koan::cli

// koan-train, the program that has LibTorch: where it is, and what to say if it is nowhere.
#pragma once

#include <string>

namespace koan::cli {

// Beside this program, in ../libexec/koan, on PATH; empty if it is in none of these.
std::string find_train_program();
// How to get it.
extern const char* const kTrainProgramMissing;
// The file of this program.
std::string own_program();

}  // namespace koan::cli

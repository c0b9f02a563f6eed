// Result<T>: a value or an Error, for everything that can fail (house rule 15).
// Member names follow std::expected so that a later switch is mechanical.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace koan {

// Groups with gaps; never renumbered. The command line maps them to exit codes (docs/cli.md).
enum class ErrorCode : int {
  kInternal = 1,
  kUsage = 10,
  kIo = 20,
  kCorrupt = 30,       // not ours, truncated, or a checksum that does not match
  kNeedsModel = 40,    // the file names a model we do not have
  kNeedsVersion = 41,  // the file names a format or numerics version we do not have
  kNeedsContext = 43,  // the file names a context that we do not have
  kNeedsAdapter = 44,  // the file names an adapter that we do not have
  kNotSupported = 42,  // this machine or build cannot do what was asked
  kLimit = 60,         // a size or budget above what we accept
  kBudget = 61,        // the next remote call, or the next bit, could exceed what was allowed
  kVerification = 70,  // the result does not check out (known-answer test, verify)
  kCancelled = 80,     // the progress callback asked to stop
  kRemote = 90,        // a server refused, or did not answer as its interface says
};

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // says what was wrong, where, and what to do

  // Puts the place in front of the message while the error travels up.
  Error in(const std::string& where) && { return Error{code, where + ": " + message}; }
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool has_value() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return has_value(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace koan

#define KOAN_CONCAT_INNER(a, b) a##b
#define KOAN_CONCAT(a, b) KOAN_CONCAT_INNER(a, b)

// KOAN_TRY(expr): returns the error of a Result from the enclosing function.
#define KOAN_TRY(expr)                                               \
  do {                                                               \
    auto koan_try_result = (expr);                                   \
    if (!koan_try_result) return std::move(koan_try_result).error(); \
  } while (false)

// KOAN_ASSIGN(auto x, expr): declares x from the value, or returns the error.
#define KOAN_ASSIGN(decl, expr) KOAN_ASSIGN_INNER(KOAN_CONCAT(koan_result_, __LINE__), decl, expr)
#define KOAN_ASSIGN_INNER(tmp, decl, expr) \
  auto tmp = (expr);                       \
  if (!tmp) return std::move(tmp).error(); \
  decl = std::move(tmp).value()

// Values of attention without VNNI, in any width: widened to int16, since their weights have 15 bits. VPMADDWD
// multiplies pairs and adds their products.
namespace koan {
namespace {

// Four positions of sixteen elements of values.
struct Values {
  Ints even;
  Ints odd;
};

inline Values load_values(const std::int8_t* p) {
  const Ints bytes = load_ints(p);
  return {shift_right_words<8>(shift_left_words<8>(bytes)), shift_right_words<8>(bytes)};
}

// Weights of 16 positions, whole numbers up to kMostShare, ready to be multiplied with values: of each four positions
// the even two as the first word, the odd two as the second.
inline Ints share_words(Ints shares) { return add(shares, shift_left<16>(swap_pairs(shares))); }

inline Ints add_first(Ints sum, Values w, std::int32_t word) {
  sum = add(sum, multiply_pairs(w.even, splat_int(word)));
  keep_in_register(sum);  // GCC would first compute all products, and spill them, to add them as a tree
  return sum;
}
inline Ints add_second(Ints sum, Values w, std::int32_t word) {
  sum = add(sum, multiply_pairs(w.odd, splat_int(word)));
  keep_in_register(sum);
  return sum;
}
inline Ints join(Ints first, Ints second) { return add(first, second); }

}  // namespace
}  // namespace koan

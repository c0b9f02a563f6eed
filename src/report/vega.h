// What charts of Vega-Lite share.
#pragma once

#include "formats/json_document.h"
#include "report/labels.h"

namespace koan::report {

// A chart of layers over one table of values. `height`: pixels, or what Vega-Lite takes instead.
JsonDocument layered(double width, const JsonDocument& height, JsonDocument values, JsonDocument layers);

// Where a label stands, into the values of its point; label_layer() reads it there.
void put_place(const Label& label, JsonDocument& value);
// The labels beside their points: `field` of the values, placed at x and y.
JsonDocument label_layer(const JsonDocument& x, const JsonDocument& y, const char* field);

}  // namespace koan::report

#include "report/vega.h"

namespace koan::report {

JsonDocument layered(double width, const JsonDocument& height, JsonDocument values, JsonDocument layers) {
  // A name; nothing is loaded.
  return {{"$schema", "https://vega.github.io/schema/vega-lite/v6.json"},
          {"width", width},
          {"height", height},
          {"data", {{"values", std::move(values)}}},
          {"layer", std::move(layers)}};
}

void put_place(const Label& label, JsonDocument& value) {
  value["dx"] = label.dx;
  value["dy"] = label.dy;
  value["align"] = label.ends_there ? "right" : "left";
}

JsonDocument label_layer(const JsonDocument& x, const JsonDocument& y, const char* field) {
  return {{"mark",
           {{"type", "text"},
            {"align", {{"expr", "datum.align"}}},
            {"dx", {{"expr", "datum.dx"}}},
            {"dy", {{"expr", "datum.dy"}}},
            {"baseline", "middle"}}},
          {"encoding", {{"x", x}, {"y", y}, {"text", {{"field", field}, {"type", "nominal"}}}}}};
}

}  // namespace koan::report

// The figures as tables, CSV and JSON. Tables are rows of cells; whoever prints them aligns them.
#pragma once

#include <string>
#include <vector>

#include "eval/summary.h"

namespace koan {

struct TextTable {
  std::string title;
  std::vector<std::vector<std::string>> rows;  // the first is the header
  std::vector<std::string> notes;
};

// Bits per byte, a domain a row, as the paper lays it out.
TextTable main_table(const Summary& summary);
// What the correct adapter gains over every control, with intervals.
TextTable comparison_table(const Summary& summary);
// How often routing finds the domain's adapter, and what it costs.
TextTable routing_table(const Summary& summary);
// Every condition of one domain in all units.
TextTable unit_table(const DomainSummary& domain);
// Every adapter on every domain, bits per byte.
TextTable matrix_table(const Summary& summary);

// One line for each domain and condition, every adapter included. RFC 4180 with LF.
std::string to_csv(const Summary& summary);

// Everything, with the identity of model, data and adapters.
struct ReportIdentity {
  std::string spec_name, spec_sha256, koan_version;
  unsigned spec_version = 0;
  BootstrapSettings bootstrap;
  std::vector<std::string> training;
};
std::string to_json(const Summary& summary, const LosslessResult& result, const ModelIdentity& model,
                    const ReportIdentity& identity);

}  // namespace koan

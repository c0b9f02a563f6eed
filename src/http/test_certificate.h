// For tests: a certificate for 127.0.0.1 and localhost, signed by itself, in files that last as long as the object.
#pragma once

#include <string>

namespace koan {

class TestCertificate {
 public:
  // `host`: the name in it; 127.0.0.1 is in it only where the name is localhost.
  explicit TestCertificate(const std::string& host = "localhost");
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  std::string file() const { return folder_ + "/certificate.pem"; }
  std::string key_file() const { return folder_ + "/key.pem"; }

 private:
  std::string folder_;
};

}  // namespace koan

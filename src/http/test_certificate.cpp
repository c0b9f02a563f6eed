#include "http/test_certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace koan {
namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "test certificate: %s\n", what);
  std::abort();
}

void add_extension(X509* certificate, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, value.c_str());
  X509_EXTENSION_free(extension);
}

template <typename Write>
void write_pem(const std::string& path, Write write) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  require(file != nullptr && write(file) == 1 && std::fclose(file) == 0, path.c_str());
}

}  // namespace

TestCertificate::TestCertificate(const std::string& host) {
  const char* tmp = std::getenv("TMPDIR");
  folder_ = std::string(tmp != nullptr ? tmp : "/tmp") + "/koan-certificate-XXXXXX";
  require(::mkdtemp(folder_.data()) != nullptr, folder_.c_str());

  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  require(key != nullptr && certificate != nullptr, "no key");
  X509* c = certificate.get();
  X509_set_version(c, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
  X509_gmtime_adj(X509_getm_notBefore(c), -3600);
  X509_gmtime_adj(X509_getm_notAfter(c), 3600);
  X509_set_pubkey(c, key.get());
  X509_NAME* name = X509_get_subject_name(c);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
  X509_set_issuer_name(c, name);
  add_extension(c, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(c, NID_subject_alt_name, "DNS:" + host + (host == "localhost" ? ",IP:127.0.0.1" : ""));
  require(X509_sign(c, key.get(), EVP_sha256()) > 0, "not signed");
  write_pem(file(), [&](std::FILE* out) { return PEM_write_X509(out, c); });
  write_pem(key_file(), [&](std::FILE* out) {
    return PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

TestCertificate::~TestCertificate() {
  ::unlink(file().c_str());
  ::unlink(key_file().c_str());
  ::rmdir(folder_.c_str());
}

}  // namespace koan

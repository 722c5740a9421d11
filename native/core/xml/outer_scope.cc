#include "core/xml/outer_scope.h"

namespace meerkat {

namespace {

constexpr PrefixBinding kStreamPrefix[] = {{"stream", kStreamNamespace}};

constexpr OuterScope kFragment{{}, kClientNamespace, {}};
constexpr OuterScope kUsual[] = {
    {"stream:stream", kClientNamespace, kStreamPrefix},
    {"stream:stream", kServerNamespace, kStreamPrefix},
    {"stream:stream", "jabber:component:accept", kStreamPrefix},
};

bool SameBinding(const PrefixBinding& left, const PrefixBinding& right) noexcept {
  return left.prefix == right.prefix && left.ns == right.ns;
}

}  // namespace

bool OuterScope::Find(std::string_view prefix, std::string_view& ns) const noexcept {
  if (prefix == "xml") {
    ns = kXmlNamespace;
    return true;
  }
  for (const PrefixBinding& binding : bindings) {
    if (binding.prefix != prefix) continue;
    ns = binding.ns;
    return true;
  }
  return false;
}

const OuterScope& OuterScope::Fragment() noexcept { return kFragment; }

const OuterScope* OuterScope::Usual(const OuterScope& scope) noexcept {
  if (scope.bindings.size() != 1 || !SameBinding(scope.bindings[0], kStreamPrefix[0])) return nullptr;
  for (const OuterScope& usual : kUsual) {
    if (usual.root == scope.root && usual.default_ns == scope.default_ns) return &usual;
  }
  return nullptr;
}

std::unique_ptr<OwnedScope> OwnedScope::Copy(const OuterScope& scope) {
  auto copy = std::make_unique<OwnedScope>();
  size_t size = scope.root.size() + scope.default_ns.size();
  for (const PrefixBinding& binding : scope.bindings) size += binding.prefix.size() + binding.ns.size();
  // The views point into `text_`, which therefore must not grow again.
  copy->text_.reserve(size);
  const auto keep = [&text = copy->text_](std::string_view part) {
    const size_t start = text.size();
    text.append(part);
    return std::string_view(text.data() + start, part.size());
  };
  copy->view_.root = keep(scope.root);
  copy->view_.default_ns = keep(scope.default_ns);
  copy->bindings_.reserve(scope.bindings.size());
  for (const PrefixBinding& binding : scope.bindings) copy->bindings_.push_back({keep(binding.prefix), keep(binding.ns)});
  copy->view_.bindings = copy->bindings_;
  return copy;
}

size_t OwnedScope::bytes() const noexcept {
  return sizeof(*this) + text_.capacity() + bindings_.capacity() * sizeof(PrefixBinding);
}

}  // namespace meerkat

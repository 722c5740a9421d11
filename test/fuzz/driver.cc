/// Feeds a fuzz target with mutations of its corpus, where no libFuzzer is at hand.
///
///   TARGET CORPUS [--seconds N] [--runs N] [--seed N]
///
/// Without --seconds and --runs only the corpus itself is run. A file named `dictionary` in the corpus holds one token a line. The input that
/// ends a run badly is written to TARGET.crash; give that file in place of CORPUS to see it again.
#include <dirent.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Input = std::vector<uint8_t>;

constexpr size_t kMostBytes = 4096;
constexpr size_t kMostInputs = 2000;

Input current;
std::string crash_name;

void KeepCurrent() {
  if (FILE* file = std::fopen(crash_name.c_str(), "wb")) {
    std::fwrite(current.data(), 1, current.size(), file);
    std::fclose(file);
    std::printf("the input is in %s\n", crash_name.c_str());
  }
}

void OnAbort(int) {
  KeepCurrent();
  std::_Exit(1);
}

/// xorshift64*: the same runs everywhere for the same seed.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
  uint64_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1du;
  }
  size_t Below(size_t limit) { return limit == 0 ? 0 : static_cast<size_t>((Next() >> 11) % limit); }

 private:
  uint64_t state_;
};

Input ReadFile(const std::string& path) {
  Input bytes;
  if (FILE* file = std::fopen(path.c_str(), "rb")) {
    uint8_t block[4096];
    for (size_t got = std::fread(block, 1, sizeof block, file); got > 0; got = std::fread(block, 1, sizeof block, file)) {
      bytes.insert(bytes.end(), block, block + got);
    }
    std::fclose(file);
  }
  return bytes;
}

class Mutator {
 public:
  Mutator(const std::vector<Input>& corpus, const std::vector<Input>& words, Random& random)
      : corpus_(corpus), words_(words), random_(random) {}

  Input Make() {
    Input input = corpus_[random_.Below(corpus_.size())];
    for (size_t changes = 1 + random_.Below(4); changes > 0; changes--) Change(input);
    if (input.size() > kMostBytes) input.resize(kMostBytes);
    return input;
  }

 private:
  void Change(Input& input) {
    const size_t at = random_.Below(input.size() + 1);
    switch (random_.Below(8)) {
      case 0: return Insert(input, at, Input{static_cast<uint8_t>(random_.Next())});
      case 1: return Insert(input, at, words_.empty() ? Input{'<'} : words_[random_.Below(words_.size())]);
      case 2: return Overwrite(input, at);
      case 3: return Erase(input, at, 1 + random_.Below(3));
      case 4: return Erase(input, at, random_.Below(input.size() + 1));
      case 5: return Insert(input, at, Piece(input));
      case 6: return Insert(input, at, Piece(corpus_[random_.Below(corpus_.size())]));
      default: return Flip(input, at);
    }
  }

  Input Piece(const Input& from) {
    const size_t start = random_.Below(from.size());
    const size_t size = std::min(from.size() - start, 1 + random_.Below(64));
    return Input(from.begin() + static_cast<ptrdiff_t>(start), from.begin() + static_cast<ptrdiff_t>(start + size));
  }
  void Insert(Input& input, size_t at, const Input& piece) {
    input.insert(input.begin() + static_cast<ptrdiff_t>(at), piece.begin(), piece.end());
  }
  void Erase(Input& input, size_t at, size_t size) {
    const size_t end = std::min(input.size(), at + size);
    input.erase(input.begin() + static_cast<ptrdiff_t>(at), input.begin() + static_cast<ptrdiff_t>(end));
  }
  void Overwrite(Input& input, size_t at) {
    if (at < input.size()) input[at] = static_cast<uint8_t>(random_.Next());
  }
  void Flip(Input& input, size_t at) {
    if (at < input.size()) input[at] ^= static_cast<uint8_t>(1u << random_.Below(8));
  }

  const std::vector<Input>& corpus_;
  const std::vector<Input>& words_;
  Random& random_;
};

void Run(const Input& input) {
  current = input;
  // A block of its own size, so that reading past the end is noticed.
  uint8_t* exact = new uint8_t[input.size()];
  if (!input.empty()) std::memcpy(exact, input.data(), input.size());
  LLVMFuzzerTestOneInput(exact, input.size());
  delete[] exact;
}

/// The files of a folder in order of their names, or the file itself.
std::vector<std::string> ListFiles(const std::string& path) {
  DIR* folder = opendir(path.c_str());
  if (!folder) return {path};
  std::vector<std::string> files;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') files.push_back(path + "/" + entry->d_name);
  }
  closedir(folder);
  std::sort(files.begin(), files.end());
  return files;
}

void ReadCorpus(const std::string& path, std::vector<Input>& corpus, std::vector<Input>& words) {
  for (const std::string& file : ListFiles(path)) {
    const Input bytes = ReadFile(file);
    if (!file.ends_with("/dictionary")) {
      corpus.push_back(bytes);
      continue;
    }
    for (auto at = bytes.begin(); at != bytes.end();) {
      const auto end = std::find(at, bytes.end(), '\n');
      if (end != at) words.emplace_back(at, end);
      at = end == bytes.end() ? end : end + 1;
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  double seconds = 0;
  uint64_t runs = 0;
  uint64_t seed = 1;
  for (int i = 2; i + 1 < count; i += 2) {
    const std::string option = arguments[i];
    if (option == "--seconds") seconds = std::atof(arguments[i + 1]);
    else if (option == "--runs") runs = std::strtoull(arguments[i + 1], nullptr, 10);
    else if (option == "--seed") seed = std::strtoull(arguments[i + 1], nullptr, 10);
  }
  std::vector<Input> corpus;
  std::vector<Input> words;
  if (count > 1) ReadCorpus(arguments[1], corpus, words);
  if (corpus.empty()) {
    std::printf("no corpus\n");
    return 2;
  }

  crash_name = std::string(arguments[0]) + ".crash";
  __sanitizer_set_death_callback(KeepCurrent);
  std::signal(SIGABRT, OnAbort);
  for (const Input& input : corpus) Run(input);

  Random random(seed);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  uint64_t done = 0;
  const std::vector<Input> seeds = corpus;
  while (done < runs || std::chrono::steady_clock::now() < end) {
    // Mutations of mutations go further than those of the seeds alone.
    const bool is_fresh = random.Below(4) == 0;
    const Input input = Mutator(is_fresh ? seeds : corpus, words, random).Make();
    Run(input);
    done++;
    if (corpus.size() < kMostInputs) corpus.push_back(input);
    else corpus[seeds.size() + random.Below(corpus.size() - seeds.size())] = input;
  }
  std::printf("%zu inputs, %llu mutations, seed %llu\n", seeds.size(), static_cast<unsigned long long>(done),
              static_cast<unsigned long long>(seed));
}

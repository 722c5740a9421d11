{
  'variables': {
    # Set by `node-gyp rebuild --sanitizer=address` (or thread, undefined); empty for a normal build.
    'sanitizer%': '',
  },
  'targets': [
    {
      'target_name': 'meerkat',
      'sources': [
        'native/addon.cc',
        "<!@(node -p \"require('fs').readdirSync('native',{recursive:true}).filter(f=>/^(core|binding)[/].*[.]cc$/.test(f)).map(f=>'native/'+f).sort().join(' ')\")",
      ],
      'include_dirs': ['native'],
      'defines': ['NAPI_VERSION=8', 'OPENSSL_API_COMPAT=30000', 'OPENSSL_NO_DEPRECATED'],
      'cflags': ['-O2', '-fvisibility=hidden', '-fno-strict-aliasing', '-Wall', '-Wextra'],
      'cflags_cc!': ['-std=gnu++17', '-fexceptions', '-frtti', '-std=gnu++20'],
      'cflags_cc': ['-std=c++20', '-fno-exceptions', '-fno-rtti', '-fvisibility-inlines-hidden'],
      # Lazy binding lets the probe in addon.cc report a host without OpenSSL; the library stays mapped
      # because other threads may still hold its mailboxes when one worker that loaded it ends.
      'ldflags': ['-Wl,-z,lazy', '-Wl,-z,nodelete'],
      'conditions': [
        ["sanitizer!=''", {
          'cflags': ['-fsanitize=<(sanitizer)', '-fno-omit-frame-pointer', '-g'],
          'ldflags': ['-fsanitize=<(sanitizer)'],
        }],
      ],
    },
  ],
}

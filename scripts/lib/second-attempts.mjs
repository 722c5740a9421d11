/** A vitest reporter that names the tests which passed at their second attempt only, with what the first one failed by. */
import { relative } from 'node:path';

export default class SecondAttempts {
  onTestRunEnd(modules) {
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (!test.diagnostic()?.flaky) continue;
        const reason = test.result().errors?.[0]?.message ?? 'no reason given';
        process.stdout.write(
          `\npassed at the second attempt: ${relative('.', module.moduleId)} > ${test.fullName}\n  ${reason}\n`,
        );
      }
    }
  }
}

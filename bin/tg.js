#!/usr/bin/env node
// The version needs nothing but itself; everything else is loaded by the verb that needs it.
if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  const { VERSION } = await import('../lib/src/version.js');
  process.stdout.write(`tg ${VERSION}\n`);
} else {
  // Compiled code of the last call is used again, where Node can (22.1 and later).
  const { default: module } = await import('node:module');
  module.enableCompileCache?.();
  const { main } = await import('../lib/src/cli/main.js');
  await main(process.argv.slice(2));
}

// What every start of the command line loads: --help and --version take no longer than that.
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { ROOT } from '../../../test/root.ts'

test('no package is loaded but the one that reads arguments', async () => {
  const { metafile } = await build({
    entryPoints: [join(ROOT, 'dist/whyslow/command-line.js')],
    absWorkingDir: ROOT,
    outdir: 'out',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  })
  const { outputs } = metafile
  const packages = new Set<string>()
  const reached = new Set(['out/command-line.js'])
  for (const file of reached)
    for (const { path, kind, external } of outputs[file]!.imports) {
      if (kind !== 'import-statement') continue
      if (!external) reached.add(path)
      else if (!path.startsWith('node:')) packages.add(path)
    }
  expect([...packages]).toEqual(['commander'])
})

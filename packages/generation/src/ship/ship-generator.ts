// The folder of a generator that `fix` writes: the model as it was proven, the code that generates with it, a server, and the record of both.
// docs/generation-fix.md describes each file.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { copiedFile } from '@whyslow/command/model-files/copied-file.ts'
import { type Disk, nodeDisk } from '@whyslow/command/model-files/disk.ts'
import { type Folder, folderAt, type Role, writeFile } from '@whyslow/command/model-files/folder.ts'
import { MANIFEST_FILE } from '@whyslow/command/model-files/manifest.ts'
import { checkOut } from '@whyslow/command/model-files/out-folder.ts'
import { placeFolder } from '@whyslow/command/model-files/place.ts'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { isVersion } from '@whyslow/graph/version.ts'
import type { FolderOptions } from './folder/folder-options.ts'
import type { GeneratorShipPlan } from './plan.ts'
import { generatorReadme } from './readme.ts'

/**
 * Writes the folder `plan.out`, or nothing. Throws InputError for what `checkOut` refuses, a disk that refuses, and packages without a version;
 * with `signal.reason` if the plan's signal stops it.
 */
export async function shipGenerator(plan: GeneratorShipPlan, disk: Disk = nodeDisk): Promise<void> {
  const target = checkOut(plan.out, plan.force, plan.original, disk)
  await placeFolder(
    target,
    async (at) => {
      const folder = folderAt(at, disk, plan.signal)
      await writeRunning(plan, folder)
      await folder.add('README.md', 'readme', generatorReadme(plan))
      await folder.add('report.json', 'report', `${JSON.stringify(plan.document, null, 2)}\n`)
      await writeFile(path.join(at, MANIFEST_FILE), manifestText(plan, folder), disk, plan.signal)
    },
    disk,
    plan.out,
  )
}

export type RunningPlan = Omit<GeneratorShipPlan, 'document' | 'results' | 'out' | 'force'>

/** What generates, as it is shipped, into the existing, empty folder `at`: the last proof runs it. */
export async function writeRunningFolder(plan: RunningPlan, at: string): Promise<void> {
  // Of what is gone with the run nothing need survive a power cut.
  await writeRunning(plan, folderAt(at, { ...nodeDisk, sync() {} }, plan.signal))
}

async function writeRunning(plan: RunningPlan, folder: Folder): Promise<void> {
  const wrong = Object.entries(plan.packages).find(([, version]) => !isVersion(version))
  if (wrong !== undefined)
    throw new InputError(`${wrong[0]} says that it is version ${JSON.stringify(wrong[1])}, which is not one: install it again`)
  for (const [index, { name, from }] of plan.files.entries())
    await folder.add(name, index === 0 ? 'model' : roleOf(name), copiedFile(from))
  const { engine, options, loop } = plan.setup
  const about: FolderOptions = {
    engine,
    source: plan.files[0]!.name,
    options,
    loop: loop ?? { prefixCache: true, lookup: null },
    prompts: plan.prompts,
  }
  await folder.add('options.json', 'options', `${JSON.stringify(about, null, 2)}\n`)
  const written = `// Written by whyslow ${plan.toolVersion}.\n`
  await folder.add('generate.mjs', 'predict', `${written}${bundledText('generate')}`)
  await folder.add('engine.mjs', 'engine', `${written}${bundledText(`engine-${engine}`)}`)
  if (plan.reads !== 'sound') await folder.add('server.mjs', 'server', `${written}${bundledText('server')}`)
  await folder.add('generate.d.mts', 'types', readFileSync(new URL('./shipped/generate.d.mts', import.meta.url), 'utf8'))
  await folder.add('package.json', 'package', packageText(plan))
}

const roleOf = (name: string): Role => (/\.(json|jinja|txt|model)$/.test(name) ? 'options' : 'weights')

/** What is bundled is next to the compiled code only, compressed. */
const bundledText = (name: string): string =>
  brotliDecompressSync(readFileSync(new URL(`./shipped/${name}.mjs.br`, compiledTwin(import.meta.url)))).toString('utf8')

function packageText({ original, packages, toolVersion, reads }: RunningPlan): string {
  const name = path.basename(original)
  const about = {
    name: packageName(name),
    version: '1.0.0',
    description: `${name}, generating text faster, by whyslow ${toolVersion}`,
    private: true,
    type: 'module',
    exports: {
      '.': { types: './generate.d.mts', default: './generate.mjs' },
      ...(reads === 'sound' ? {} : { './server': './server.mjs' }),
      './manifest.json': './manifest.json',
      './package.json': './package.json',
    },
    types: './generate.d.mts',
    ...(reads === 'sound' ? {} : { scripts: { start: 'node server.mjs' } }),
    engines: { node: '>=20' },
    dependencies: packages,
  }
  return `${JSON.stringify(about, null, 2)}\n`
}

/** 'Phi 3.onnx' -> 'phi-3-fast'. */
const packageName = (name: string): string =>
  `${name
    .replace(/\.(onnx|gguf)$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 100)}-fast`

function manifestText(
  { setup, toolVersion, createdAt, original, packages, changes, document }: GeneratorShipPlan,
  { files }: Folder,
): string {
  const manifest = {
    schema: 'whyslow-generator/1',
    tool: { name: 'whyslow', version: toolVersion },
    createdAt,
    model: files[0]!.path,
    files,
    engine: { id: setup.engine, packages },
    options: setup.options,
    provenance: { original: path.basename(original), remedies: document.fix?.kept ?? [], changes },
    equality: document.fix?.equality ?? null,
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}

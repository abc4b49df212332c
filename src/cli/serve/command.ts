// The options of `whyslow serve`.
import { type Command, Option } from 'commander'
import { examples } from '../examples.ts'
import { memorySize, portNumber, positiveInteger, rowsOrAuto, seconds } from '../options/option-values.ts'
import type { Screen } from '../screen.ts'
import { loadStages } from '../stages.ts'
import type { World } from '../world.ts'
import type { ServeFlags } from './serve.ts'

export function serve(command: Command, world: { readonly screen: Screen } & Pick<World, 'load' | 'ended'>): void {
  command
    .description('the model, or the folder that fix wrote, as a server')
    .argument('<model>', 'a model of any format that is read, or a folder of fix')
    .addOption(new Option('--port <n>', 'where it listens; 0: one that is free').argParser(portNumber).default(8000))
    .option('--grpc-port <n>', 'gRPC, too; takes the package @grpc/grpc-js', portNumber)
    .option('--host <address>', 'who may reach it; 0.0.0.0: everybody', '127.0.0.1')
    .option('--workers <n>', 'sessions side by side (default: a CPU each)', positiveInteger)
    .option('--threads <n>', "each worker's threads", positiveInteger)
    .option('--engine <id>', 'what runs the model (default: ort-cpu)')
    .option('--name <name>', "what clients call the model (default: the file's name)")
    .option('--queue <n>', 'requests that may wait; more are refused with 503', positiveInteger)
    .option('--max-batch <n>', 'rows that requests which wait are joined to; auto measures (default: 1)', rowsOrAuto)
    .option('--batch-delay <duration>', 'so long an incomplete batch waits for others (default: 0)', seconds)
    .option('--deadline <duration>', 'a request that waits longer is dropped', seconds)
    .option('--body-limit <size>', 'largest body of a request (default: 256MiB)', memorySize)
    .addHelpText('after', examples.serve)
    .action(async (model: string, flags: ServeFlags) => {
      const { runServe } = await import('./serve.ts')
      await runServe(model, flags, { screen: world.screen, load: world.load ?? loadStages, ended: world.ended ?? signalOfEnd })
    })
}

/** The second signal ends the process at once. */
function signalOfEnd(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
}

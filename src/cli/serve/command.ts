// The options of `whyslow serve`.
import { type Command, Option } from 'commander'
import { examples } from '../examples.ts'
import { gathered, memorySize, portNumber, positiveInteger, rowsOrAuto, seconds } from '../options/option-values.ts'
import type { Screen } from '../screen.ts'
import { loadStages } from '../stages.ts'
import type { Patience } from '../supervise.ts'
import type { World } from '../world.ts'
import type { ServeFlags } from './serve.ts'

/** A server answers what it accepted within 25 s. */
const DRAIN_GRACE_MS = 28_000

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
    .option('--deadline <duration>', 'a request that takes longer is refused with 504', seconds)
    .option('--stuck-after <duration>', 'a prediction that takes longer hangs: its worker is replaced (default: 60s)', seconds)
    .option('--body-limit <size>', 'largest body of a request (default: 256MiB)', memorySize)
    .option('--allow-host <name>', 'a name under which a proxy asks a server on loopback; *: any (repeatable)', gathered)
    .addHelpText('after', examples.serve)
    .action(async (model: string, flags: ServeFlags) => {
      const { runServe } = await import('./serve.ts')
      const [load, ended] = [world.load ?? loadStages, world.ended ?? signalOfEnd]
      await runServe(model, flags, { screen: world.screen, load, ended, kill: killThis })
    })
}

const killThis = () => process.kill(process.pid, 'SIGKILL')

/** Asked for once it serves: until then a signal ends the process at once, and from then on it may answer what it accepted. */
function signalOfEnd(): Promise<string> {
  process.send?.({ graceMs: DRAIN_GRACE_MS } satisfies Patience)
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
  })
}

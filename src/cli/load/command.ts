// The options of `whyslow load`.
import type { Command } from 'commander'
import { examples } from '../examples.ts'
import { addInputOptions, lockOption } from '../options/model-options.ts'
import { batches, gathered, positiveInteger, rates, rowsOrAuto, seconds } from '../options/option-values.ts'
import { surroundings, type World } from '../world.ts'
import type { LoadFlags } from './load.ts'

export function load(command: Command, world: World): void {
  command
    .description('predictions under load: latency, what it is made of, the most that holds')
    .argument('<target>', 'a model, a folder of fix, or an address, as in http://127.0.0.1:8080/predict')
    .option('--rate <list>', 'requests a second, a run for each', rates)
    .option('--slo <objective>', "find the highest rate that holds it, as in 'p99<20ms'")
    .option('--budget <duration>', 'with --slo: how long to search (default: 160s)', seconds)
    .option('--clients <list>', 'closed loop: clients that wait for their answers', batches)
    .option('--arrivals <how>', 'poisson, constant, bursts, or a file of recorded arrivals', 'poisson')
    .option('--seconds <duration>', 'how long each run lasts (default: what percentiles take)', seconds)
    .option('--seed <n>', 'of the arrivals', positiveInteger)
    .option('--body <text>', 'what is posted; @file reads it (repeatable: drawn at random)', gathered)
    .option('--header <line>', "as in 'Authorization: Bearer …' (repeatable)", gathered)
    .option('--method <name>', 'POST with a body, else GET')
    .option('--timeout <duration>', 'a request without an answer for so long has failed (default: 10s)', seconds)
    .option('--protocol <name>', "of an address: http; oip makes requests of the model's metadata")
  addInputOptions(command)
  command
    .option('--workers <n>', 'of the server that is started for a model: sessions (default: a CPU each)', positiveInteger)
    .option('--threads <n>', "each worker's threads", positiveInteger)
    .option('--engine <id>', 'what runs the model (default: ort-cpu)')
    .option('--queue <n>', 'requests that may wait; more are refused', positiveInteger)
    .option('--max-batch <n>', 'rows that requests which wait are joined to; auto measures (default: 1)', rowsOrAuto)
    .option('--batch-delay <duration>', 'so long an incomplete batch waits for others (default: 0)', seconds)
    .option('--deadline <duration>', 'a request that takes longer is refused with 504', seconds)
    .option('--no-alternatives', 'try no other set-ups of the server where requests wait')
    .option('--json <file>', 'write the load document; - is standard output')
    .option('--html <file>', 'write the run as a page: one file, opens anywhere')
    .option('--markdown', 'print it as Markdown, for a pull request')
    .addOption(lockOption())
    .option('--no-progress', 'show no progress')
    .addHelpText('after', examples.load)
    .action(async (target: string, flags: LoadFlags) => {
      const { runLoad } = await import('./load.ts')
      await runLoad(target, flags, surroundings(world))
    })
}

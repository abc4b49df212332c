// The commands about many machines: their options. Bodies are imported when one runs.
import type { Command } from 'commander'
import { examples } from '../examples.ts'
import { addModelOptions, addSampling, lockOption, severalBatches } from '../options/model-options.ts'
import { list, prices, priority, sizes } from '../options/option-values.ts'
import { stagesOf, surroundings, type World } from '../world.ts'
import type { AgentFlags } from './agent.ts'
import type { FleetFlags } from './fleet.ts'
import type { ForetellFlags } from './foretell.ts'
import type { StudyFlags } from './study.ts'

export function fleet(command: Command, world: World): void {
  command
    .description('many models, engines and batches, measured one after the other')
    .argument('<models...>', 'models of any format that is read')
    .option('--engines <ids>', 'engines to measure each on, separated by commas', list)
    .option('--size <sizes>', 'height and width that models leave open: 224,320x240; of sequences the length', sizes)
    .option('--price <what=x>', 'what an hour of a machine costs, by its class or id (repeatable)', prices)
    .option('--queue <url>', 'on every kind of machine that takes trials from this queue')
    .option('--machines <patterns>', 'those of them to measure on, with *, separated by commas', list)
    .option('--models <dir>', 'the folder that all of them see, or s3://bucket/prefix')
    .option('--key-file <file>', "the fleet's key")
    .option('--priority <n>', 'what a queue gives out first: 1, before 9 (default: 5)', priority)
    .option('--store <where>', 'keep each report: a SQLite file or a PostgreSQL')
    .option('--json <file>', 'write the study document; - is standard output')
    .option('--html <file>', 'write the study as a page: one file, opens anywhere')
    .option('--markdown', 'print it as Markdown, for a pull request')
  addModelOptions(command, severalBatches())
  addSampling(command, 'three processes instead of five, no sweeps')
  command.addHelpText('after', examples.fleet).action(async (models: string[], flags: FleetFlags) => {
    const { runFleet } = await import('./fleet.ts')
    await runFleet(models, flags, surroundings(world))
  })
}

export function agent(command: Command, world: World): void {
  command
    .description('this machine takes trials from a queue, one at a time')
    .option('--queue <url>', 'a Redis or Valkey, as redis://host:6379')
    .option('--models <dir>', 'the folder that all machines see, or s3://bucket/prefix')
    .option('--key-file <file>', "the fleet's key, which signs trials")
    .option('--store <where>', 'keep each report: a PostgreSQL or a SQLite file')
    .addOption(lockOption())
    .addHelpText('after', examples.agent)
    .action(async (flags: AgentFlags) => {
      const { runAgent } = await import('./agent.ts')
      await runAgent(flags, surroundings(world))
    })
}

export function study(command: Command, world: World): void {
  command
    .description('models by machines, from documents that were kept')
    .argument('[documents...]', 'reports, comparisons and studies that --json wrote')
    .option('--store <where>', 'what was kept: a PostgreSQL or a SQLite file')
    .option('--csv <file>', 'write the table as CSV, a line a cell')
    .option('--parquet <file>', 'the same as Parquet')
    .option('--price <what=x>', 'what an hour of a machine costs, by its class or id (repeatable)', prices)
    .option('--reference <machine>', 'the machine that speed-ups are to, by its class or id')
    .option('--json <file>', 'write the study document; - is standard output')
    .option('--html <file>', 'write the study as a page: one file, opens anywhere')
    .option('--markdown', 'print it as Markdown, for a pull request')
    .addHelpText('after', examples.study)
    .action(async (files: string[], flags: StudyFlags) => {
      const { runStudy } = await import('./study.ts')
      await runStudy(files, flags, { screen: world.screen, load: stagesOf(world) })
    })
}

export function foretell(command: Command, world: World): void {
  command
    .description('the latency on a machine that is only described: estimated')
    .argument('<model>', 'a model of any format that is read')
    .option('--machine <file>', 'what whyslow machine --json wrote on that machine')
    .option('--known <files>', 'documents of machines that are known, separated by commas', list)
    .option('--json <file>', 'write the foretold document; - is standard output')
    .option('--markdown', 'print it as Markdown, for a pull request')
  addModelOptions(command)
  addSampling(command, 'three processes instead of five, no sweeps')
  command.addHelpText('after', examples.foretell).action(async (model: string, flags: ForetellFlags) => {
    const { runForetell } = await import('./foretell.ts')
    await runForetell(model, flags, surroundings(world))
  })
}

// Trees that only cost time: the first of them alone are as good on the labelled rows. The time of a forest grows with its trees, its
// accuracy does not, and those that boosting added last correct less and less.
import { countFact, ms, number, part, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { forestNodes } from '../forests.ts'
import { defineRule } from '../rule.ts'

/** Most loss of the AUC, the accuracy or R²: few users notice half a point. One standard error is on top of what is lost. */
const MOST_LOSS = 0.005

const metric = (name: string, value: number) => number(name, Number(value.toFixed(4)), 'share')

export const tooManyTrees = defineRule({
  id: 'too-many-trees',
  area: 'architecture',
  title: 'Fewer trees would be as good',
  needs: ['latency', 'costs', 'graph'],
  wants: ['firstTrees'],
  check({ latency: { p50Ms }, costs, graph, firstTrees }) {
    const forests = forestNodes(graph, costs)
    if (forests.length === 0) return 'does-not-apply'
    if (firstTrees === undefined)
      return {
        notChecked: 'the accuracy by number of trees was not measured; give labelled rows: --data rows.csv --labels COLUMN',
        missing: 'firstTrees',
      }
    const { points, treeCount, rows, metric: name } = firstTrees
    const all = points.at(-1)!
    const enough = points.find((point) => all.metric - point.metric + point.lossError <= MOST_LOSS)!
    const timeMs = forests.reduce((sum, { node }) => sum + node.timeMs, 0)
    const savingMs = timeMs * (1 - enough.trees / treeCount)
    if (!isWorthSaying(savingMs, p50Ms)) return 'clear'
    const half = points.find(({ trees }) => trees >= treeCount / 2)!
    return {
      ...tell`The first ${number('trees-enough', enough.trees, 'trees')} of ${countFact('tree', treeCount)} have ${said(name)} of ${metric('metric-enough', enough.metric)}
        on ${number('labelled-rows', rows, 'rows')} labelled rows, the first ${number('trees-half', half.trees, 'trees')} ${metric('metric-half', half.metric)}, all of them
        ${metric('metric', all.metric)}. The trees take ${ms('time', timeMs)}, ${part('time-share', timeMs / p50Ms)} of the p50, and take less as there are fewer: train with
        early stopping, or a larger learning rate; or let whyslow distill fit the leaves of the first ones anew.`,
      timeMs,
      wouldSaveMs: Math.min(savingMs, p50Ms),
      basis: 'modelled',
      nodes: forests.map(({ node }) => node.name),
    }
  },
})

const said = (name: string): string => (name === 'R²' ? name : name === 'AUC' ? 'an AUC' : 'an accuracy')

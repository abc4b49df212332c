import { checkRule, traced } from '../../test/support/check-rule.ts'
import { shapeChanges } from './shape-changes.ts'

const shapes = (newShapes: number) => traced({ facts: { shapes: { newShapes, operators: 1000, excess: 0.2 } } })

checkRule(shapeChanges, {
  found: [
    {
      name: 'a new length at each step',
      given: traced({ facts: { shapes: { newShapes: 60, operators: 200, excess: 0.2 } } }),
      expect: { wouldSaveMs: 2, detail: /60 calls of 200 matrix products/ },
    },
    { name: 'new shapes in 5.1 % of the calls', given: shapes(51), expect: { wouldSaveMs: 2 } },
  ],
  clear: [
    { name: 'one shape', given: traced() },
    { name: 'new shapes in 4.9 % of the calls', given: shapes(49) },
  ],
  notChecked: [{ name: 'no shapes', given: traced({ facts: { shapes: null } }) }],
})

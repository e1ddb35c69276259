/**
 * The import rule: cli, experiments → training | attack | service → certification → terminal → runs → objectives → smoothing → torch →
 * bridge → errors; analysis → logs → statistics, config. Every room may use streams. Pure files import nothing that needs Python.
 */
const only = (folder, ...targets) => ({
  name: `${folder} imports only ${targets.join(', ') || 'errors'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/((errors|streams)\\.ts|(${[folder, ...targets].join('|')})/)` },
})

/** What every room may use. */
const foundations = ['torch', 'bridge', 'config', 'files']

const pureFiles = [
  'analysis/.*',
  'attack/(attack-log|gap|search)',
  'certification/adaptive/.*',
  'certification/(guarantee|procedure|statistics)',
  'certification/certifiers/.*',
  'files/.*',
  'logs/.*',
  'objectives/ft-cadis/select-images',
  'runs/(checkpoint-policy|list-runs|plan-run|read-metrics|read-run)',
  'smoothing/noise-level',
  'statistics/.*',
  'streams',
  'training/(loss-scale|parameter-groups|schedules)',
]

module.exports = {
  forbidden: [
    {
      name: 'no import cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('config', 'files'),
    only('files'),
    only('statistics'),
    only('environment', 'config', 'files'),
    only('bridge', 'environment', 'files'),
    only('torch', 'bridge', 'files'),
    only('smoothing', ...foundations),
    only('objectives', 'smoothing', 'statistics', ...foundations),
    only('logs', 'statistics', 'config', 'files'),
    only('analysis', 'logs', 'statistics', 'config', 'files'),
    only('runs', 'smoothing', 'objectives', 'analysis', 'logs', ...foundations),
    only('terminal', 'runs', 'objectives', 'smoothing', 'logs', ...foundations),
    only('training', 'terminal', 'runs', 'objectives', 'smoothing', ...foundations),
    only('certification', 'terminal', 'runs', 'logs', 'statistics', 'smoothing', ...foundations),
    only('service', 'certification', 'terminal', 'runs', 'smoothing', ...foundations),
    only(
      'attack',
      ...['certification', 'terminal', 'runs', 'analysis', 'logs', 'statistics', 'objectives', 'smoothing'],
      ...foundations,
    ),
    only(
      'experiments',
      ...[
        'training',
        'certification',
        'terminal',
        'runs',
        'analysis',
        'logs',
        'statistics',
        'objectives',
        'smoothing',
      ],
      ...foundations,
    ),
    only(
      'fixtures',
      ...['training', 'certification', 'runs', 'analysis', 'logs', 'statistics', 'objectives', 'smoothing'],
      ...foundations,
    ),
    {
      name: 'verify imports nothing: it recomputes what the other rooms wrote',
      severity: 'error',
      from: { path: '^src/verify/' },
      to: { pathNot: '^src/verify/' },
    },
    {
      name: 'nothing but the index imports the command line',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|index\\.ts$)' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'pure files do not reach Python',
      severity: 'error',
      from: { path: `^src/(${pureFiles.join('|')})\\.ts$` },
      to: { path: '^src/(bridge|torch)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'one file imports pythonia',
      severity: 'error',
      from: { pathNot: '^src/bridge/python-process\\.ts$' },
      to: { path: 'node_modules/pythonia' },
    },
    {
      name: 'package code imports package dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    { name: 'imports resolve', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}

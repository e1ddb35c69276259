import { drawGrid } from '../analysis/terminal-grid'
import type { CertificationDryRun, CertificationPlan } from '../certification/dry-run'
import { formatDuration } from '../terminal/training-line'

/** Formats the estimated cost of a certification as a table, with its assumptions. */
export function renderDryRun(
  { images, sigma, device, pass, secondsPerPass, passesOfCopy, plans }: CertificationDryRun,
  { pricePerHour }: { readonly pricePerHour?: number | undefined } = {},
): string {
  const head = [
    ...['votes', 'copies an image', 'copies', 'passes', 'time'],
    ...(pricePerHour === undefined ? [] : ['cost']),
  ]
  const rows = plans.map(plan => [
    nameOf(plan),
    grouped(plan.copiesPerImage),
    grouped(plan.copies),
    grouped(plan.passes),
    formatDuration(1000 * plan.seconds),
    ...(pricePerHour === undefined ? [] : [((pricePerHour * plan.seconds) / 3600).toFixed(2)]),
  ])
  const copiesPerSecond = pass / secondsPerPass
  return [
    `${grouped(images)} images, sigma ${sigma}, passes of ${pass} copies on ${device}: ${Number((1000 * secondsPerPass).toPrecision(3))} ms each, ${grouped(copiesPerSecond)} copies/s`,
    drawGrid({ head, rows, isNumeric: head.map((_, column) => column > 0) }),
    ...(passesOfCopy.classifier === 1 ? [] : [looksOf(passesOfCopy)]),
    'Adaptive votes depend on the classifier. Expected are those of the images of CIFAR-10 in the log of Cohen et al. (2019), sigma 0.5.',
    'Nothing was written. Loading and compiling come on top.',
    '',
  ].join('\n')
}

function looksOf({ denoiser, classifier }: CertificationDryRun['passesOfCopy']): string {
  return `Of each copy the denoiser has ${grouped(denoiser)} ${denoiser === 1 ? 'pass' : 'passes'} and each classifier ${grouped(classifier)}; the time of a pass above has all of them.`
}

function nameOf({ procedure }: CertificationPlan): string {
  switch (procedure.kind) {
    case 'certify':
      return 'fixed n'
    case 'grid':
      return `adaptive, radii ${procedure.radii.join(', ')}`
    case 'sized':
      return `adaptive, radius loss ${procedure.maxRadiusLoss}`
    case 'at-radius':
      return `in rounds, radius ${procedure.radius}`
    case 'aces':
      return `ACES, threshold ${procedure.threshold}`
    case 'cascade':
      return `cascade, sigma ${procedure.sigmas.join(', ')}, at most`
    case 'pixel-dp':
      return procedure.by === 'scores' ? 'PixelDP by scores' : 'PixelDP'
    case 'router':
      return `router, sigma ${procedure.sigmas.join(', ')}, at most`
  }
}

function grouped(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

// The pages: /health (the process answers) and /ready (may traffic come: 200 or 503, with the
// reasons as JSON) on the port of the players and on that of the operators, /metrics on the latter
// alone. Everything else is not found. Invariant: however often somebody scrapes, the metrics are
// put together once a second at most, and looking at them changes none.

import type { GatewayContext } from './context.ts';
import { contain } from './faults.ts';
import type { Registry } from './metrics.ts';
import type { Readiness } from './port.ts';
import type { HttpResponse, TemplatedApp } from './uws.ts';

export interface Pages {
  readonly registry: Registry;
  /** Null while no realm is attached. */
  readiness(): Readiness | null;
  draining(): boolean;
}

/** How old metrics may be that are shown. */
export const SCRAPE_AGE_MS = 1_000;

const NOT_ATTACHED: Readiness = Object.freeze({
  leading: false,
  databaseReachable: false,
  projectionLagMs: 0,
  quarantined: 0,
  clockSure: true,
  refusal: 'The server is starting.',
  ready: false,
});

/** Wraps a callback so that an exception in it ends one request and not the process. */
export function guardRequest<Rest extends readonly unknown[]>(
  context: GatewayContext,
  callback: (res: HttpResponse, ...rest: Rest) => void,
): (res: HttpResponse, ...rest: Rest) => void {
  return (res, ...rest) => {
    try {
      callback(res, ...rest);
    } catch (error) {
      contain(context, error, null);
      res.close();
    }
  };
}

/** What the players' port shows besides sockets. */
export function servePages(app: TemplatedApp, context: GatewayContext, pages: Pages): void {
  serveState(app, context, pages);
  app.get(
    '/ws',
    guardRequest(context, res => {
      res.writeStatus('426 Upgrade Required').writeHeader('Upgrade', 'websocket');
      res.writeHeader('Sec-WebSocket-Version', '13').end('WebSocket clients only.\n', true);
    }),
  );
  serveNothingElse(app, context);
}

/** What operators see. */
export function serveOps(app: TemplatedApp, context: GatewayContext, pages: Pages): void {
  serveState(app, context, pages);
  const scrapes = new Scrapes(pages.registry);
  app.get(
    '/metrics',
    guardRequest(context, res => showMetrics(res, scrapes, pages.registry.contentType)),
  );
  serveNothingElse(app, context);
}

function serveState(app: TemplatedApp, context: GatewayContext, pages: Pages): void {
  app.get(
    '/health',
    guardRequest(context, res => answer(res, '200 OK', 'text/plain', 'alive\n')),
  );
  app.get(
    '/ready',
    guardRequest(context, res => {
      const draining = pages.draining();
      const readiness = pages.readiness() ?? NOT_ATTACHED;
      const ready = readiness.ready && !draining;
      const body = JSON.stringify({ ...readiness, draining, ready });
      answer(res, ready ? '200 OK' : '503 Service Unavailable', 'application/json', body);
    }),
  );
}

function serveNothingElse(app: TemplatedApp, context: GatewayContext): void {
  // The body of a request that nobody wants is not waited for.
  app.any(
    '/*',
    guardRequest(context, res => {
      res.writeStatus('404 Not Found').writeHeader('Content-Type', 'text/plain');
      res.end('not found\n', true);
    }),
  );
}

function answer(res: HttpResponse, status: string, type: string, body: string): void {
  res
    .writeStatus(status)
    .writeHeader('Content-Type', type)
    .writeHeader('Cache-Control', 'no-store');
  res.end(body);
}

/** The text of the metrics, shared by all who ask within a second. */
class Scrapes {
  readonly #registry: Registry;
  #text: Promise<string> | null = null;
  #madeAtMs = 0;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  text(): Promise<string> {
    const nowMs = performance.now();
    if (this.#text !== null && nowMs - this.#madeAtMs < SCRAPE_AGE_MS) return this.#text;
    this.#madeAtMs = nowMs;
    const text = this.#registry.metrics();
    this.#text = text;
    // A failure is not kept.
    text.catch(() => {
      if (this.#text === text) this.#text = null;
    });
    return text;
  }
}

function showMetrics(res: HttpResponse, scrapes: Scrapes, contentType: string): void {
  let aborted = false;
  res.onAborted(() => {
    aborted = true;
  });
  scrapes.text().then(
    text => {
      if (!aborted) res.cork(() => answer(res, '200 OK', contentType, text));
    },
    () => {
      if (!aborted) res.cork(() => answer(res, '500 Internal Server Error', 'text/plain', ''));
    },
  );
}

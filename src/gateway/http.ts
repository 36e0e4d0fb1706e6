// The three pages for whoever runs the server: /health (the process answers), /ready (may traffic
// come: 200 or 503, with the reasons as JSON) and /metrics. Everything else is not found.

import type { Registry } from './metrics.ts';
import type { Readiness } from './port.ts';
import type { HttpResponse, TemplatedApp } from './uws.ts';

export interface Pages {
  readonly registry: Registry;
  /** Null while no realm is attached. */
  readiness(): Readiness | null;
  draining(): boolean;
  /** Wraps a callback so that an exception in it ends one request and not the process. */
  guarded<Arguments extends readonly unknown[]>(
    callback: (res: HttpResponse, ...rest: Arguments) => void,
  ): (res: HttpResponse, ...rest: Arguments) => void;
}

const NOT_ATTACHED: Readiness = Object.freeze({
  leading: false,
  databaseReachable: false,
  projectionLagMs: 0,
  quarantined: 0,
  clockSure: true,
  refusal: 'The server is starting.',
  ready: false,
});

export function servePages(app: TemplatedApp, pages: Pages): void {
  app.get(
    '/health',
    pages.guarded(res => answer(res, '200 OK', 'text/plain', 'alive\n')),
  );
  app.get(
    '/ready',
    pages.guarded(res => {
      const draining = pages.draining();
      const readiness = pages.readiness() ?? NOT_ATTACHED;
      const ready = readiness.ready && !draining;
      const body = JSON.stringify({ ...readiness, draining, ready });
      answer(res, ready ? '200 OK' : '503 Service Unavailable', 'application/json', body);
    }),
  );
  app.get(
    '/metrics',
    pages.guarded(res => showMetrics(res, pages.registry)),
  );
  app.get(
    '/ws',
    pages.guarded(res => {
      res.writeStatus('426 Upgrade Required').writeHeader('Upgrade', 'websocket');
      res.writeHeader('Sec-WebSocket-Version', '13').end('WebSocket clients only.\n', true);
    }),
  );
  // The body of a request that nobody wants is not waited for.
  app.any(
    '/*',
    pages.guarded(res => {
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

function showMetrics(res: HttpResponse, registry: Registry): void {
  let aborted = false;
  res.onAborted(() => {
    aborted = true;
  });
  registry.metrics().then(
    text => {
      if (!aborted) res.cork(() => answer(res, '200 OK', registry.contentType, text));
    },
    () => {
      if (!aborted) res.cork(() => answer(res, '500 Internal Server Error', 'text/plain', ''));
    },
  );
}

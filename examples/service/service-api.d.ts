// Made from the OpenAPI document of `ft-cadis serve` by `npm run docs`.

export interface paths {
    "/predict": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Classify an image: its class, and a radius within which it is the same.
         * @description With Accept: application/x-ndjson lines of partial answers come first. They are preliminary: only the last line is a certificate.
         */
        post: {
            parameters: {
                query?: {
                    /** @description Largest probability that the answer is wrong. Default: that of the service. */
                    alpha?: number;
                    /** @description Noisy copies that bound the probability of the class, at most 100000. Default: that of the service. */
                    n?: number;
                    /** @description The only ℓ2 radius to decide, for pixels in [0, 1]: answered as soon as it is decided, from at most n copies per round. */
                    radius?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "image/jpeg": string;
                    "image/png": string;
                    "image/webp": string;
                    "image/bmp": string;
                    "image/gif": string;
                    "image/tiff": string;
                    "application/octet-stream": string;
                    "multipart/form-data": {
                        /** Format: binary */
                        image: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "answer";
                            /**
                             * @description certified: the class, within the radius. predicted: the class, of the image only. abstained: the votes do not decide.
                             * @enum {string}
                             */
                            verdict: "certified" | "predicted" | "abstained";
                            /** @description Null if abstained. */
                            class: number | null;
                            /** @description Null if abstained. */
                            className: string | null;
                            /** @description ℓ2 radius, for pixels in [0, 1], within which the class stays the same; 0 unless certified. */
                            radius: number;
                            /**
                             * @description Whether the requested radius is certified; null without one.
                             * @enum {string|null}
                             */
                            atRadius: "certified" | "refused" | "undecided" | null;
                            /** @description Lower bound on the probability of topClass under the noise. */
                            lowerBound: number;
                            /** @description Two-sided p-value of "the two leading classes are equally likely"; null if a radius was requested. */
                            pValue: number | null;
                            topClass: number;
                            topClassName: string;
                            topCount: number;
                            runnerUp: number;
                            runnerUpCount: number;
                            /** @description Votes by class. They add up to n. */
                            votes: number[];
                            /** @description Noisy copies used for the bound. */
                            n: number;
                            /** @description All noisy copies drawn. */
                            copies: number;
                            /** @description Largest probability that this answer is wrong; for this request only. */
                            alpha: number;
                            /** @description Seed of the noise, drawn after the image had arrived unless seedIsGiven. */
                            seed: number;
                            seedIsGiven: boolean;
                            /** @description Noise level, for pixels in [0, 1]. */
                            sigma: number;
                            /** @description SHA-256 of the configuration: networks, σ, how images are cropped. */
                            digest: string;
                            /** @description Whether Python restarted for this answer. */
                            pythonRestarted: boolean;
                        };
                    };
                };
                /** @description Default Response */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
                /** @description Default Response */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
                /** @description Default Response */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
                /** @description Default Response */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
                /** @description Default Response */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
                /** @description Default Response */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
                /** @description Default Response */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/pictures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** An image as the networks are given it, with a few noisy and denoised copies. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "image/jpeg": string;
                    "image/png": string;
                    "image/webp": string;
                    "image/bmp": string;
                    "image/gif": string;
                    "image/tiff": string;
                    "application/octet-stream": string;
                    "multipart/form-data": {
                        /** Format: binary */
                        image: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description The input of the networks, without noise: a PNG file in base64. */
                            image: string;
                            noisy: string[];
                            denoised: string[];
                        };
                    };
                };
                /** @description Default Response */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
                /** @description Default Response */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
                /** @description Default Response */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
                /** @description Default Response */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
                /** @description Default Response */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
                /** @description Default Response */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
                /** @description Default Response */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            kind: "error";
                            status: number;
                            /** @description The error. */
                            message: string;
                            /** @description What to change. */
                            remedy: string;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/about": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is served, with which limits. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            version: string;
                            classes: string[];
                            sigma: number;
                            n: number;
                            alpha: number;
                            digest: string;
                            needsToken: boolean;
                            limits: {
                                megabytes: number;
                                megapixels: number;
                                mostVotes: number;
                                waiting: number;
                                seconds: number;
                            };
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the service lives. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            status: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether a prediction would be answered now. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            status: string;
                        };
                    };
                };
                /** @description Default Response */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            status: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures for Prometheus. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: never;
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

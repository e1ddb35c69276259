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
                    /** @description Probability of a wrong answer, at most. Default: of the service. */
                    alpha?: number;
                    /** @description Noisy copies that bound the probability of the class, at most 100000. Default: of the service. */
                    n?: number;
                    /** @description The one ℓ2 radius to decide, for pixels in [0, 1]: answered as soon as it is decided, from at most n copies in a round. */
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
                             * @description certified: the class, within the radius. predicted: the class, of the image alone. abstained: the votes do not tell.
                             * @enum {string}
                             */
                            verdict: "certified" | "predicted" | "abstained";
                            /** @description Null where it abstains. */
                            class: number | null;
                            /** @description Null where it abstains. */
                            className: string | null;
                            /** @description ℓ2, for pixels in [0, 1], within which the class is the same; 0 unless certified. */
                            radius: number;
                            /**
                             * @description Whether the one radius that was asked about is certified; null where none was.
                             * @enum {string|null}
                             */
                            atRadius: "certified" | "refused" | "undecided" | null;
                            /** @description Of the probability of topClass under the noise. */
                            lowerBound: number;
                            /** @description Of "the two leading classes are equally likely", two-sided; null where one radius was asked about. */
                            pValue: number | null;
                            topClass: number;
                            topClassName: string;
                            topCount: number;
                            runnerUp: number;
                            runnerUpCount: number;
                            /** @description By class. They add up to n. */
                            votes: number[];
                            /** @description Noisy copies that the bound is from. */
                            n: number;
                            /** @description All noisy copies that were drawn. */
                            copies: number;
                            /** @description Probability that this answer is wrong, at most; of this request alone. */
                            alpha: number;
                            /** @description Of the noise, drawn after the image had arrived unless seedIsGiven. */
                            seed: number;
                            seedIsGiven: boolean;
                            /** @description Of the noise, for pixels in [0, 1]. */
                            sigma: number;
                            /** @description SHA-256 of the configuration: networks, σ, how images are cropped. */
                            digest: string;
                            /** @description Whether Python had to be started again for this answer. */
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
                            /** @description What is wrong. */
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
                            /** @description What is wrong. */
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
                            /** @description What is wrong. */
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
                            /** @description What is wrong. */
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
                            /** @description What is wrong. */
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
                            /** @description What is wrong. */
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
                            /** @description What is wrong. */
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
                            /** @description What the networks are given, without noise: a PNG file in base64. */
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
                            /** @description What is wrong. */
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
                            /** @description What is wrong. */
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
                            /** @description What is wrong. */
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
                            /** @description What is wrong. */
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
                            /** @description What is wrong. */
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
                            /** @description What is wrong. */
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
                            /** @description What is wrong. */
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

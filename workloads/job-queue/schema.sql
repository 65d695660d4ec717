--
-- PostgreSQL database dump
--

\restrict uHdAfBL7ndX8RJMFFwN2G29zi6E8Ji85pmbVGVV2Cu3LWfI2l3D4h6LyZgxfpik

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: job_status; Type: TYPE; Schema: public; Owner: postgres
--

CREATE TYPE public.job_status AS ENUM (
    'ready',
    'running',
    'done',
    'failed'
);


ALTER TYPE public.job_status OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: jobs; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.jobs (
    id bigint NOT NULL,
    status public.job_status DEFAULT 'ready'::public.job_status NOT NULL,
    priority smallint DEFAULT 3 NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    finished_at timestamp with time zone,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02');


ALTER TABLE public.jobs OWNER TO postgres;

--
-- Name: jobs_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

ALTER TABLE public.jobs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: jobs jobs_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);


--
-- Name: jobs_finished_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX jobs_finished_idx ON public.jobs USING btree (finished_at) WHERE (status = 'done'::public.job_status);


--
-- Name: jobs_ready_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX jobs_ready_idx ON public.jobs USING btree (priority, run_at) WHERE (status = 'ready'::public.job_status);


--
-- PostgreSQL database dump complete
--

\unrestrict uHdAfBL7ndX8RJMFFwN2G29zi6E8Ji85pmbVGVV2Cu3LWfI2l3D4h6LyZgxfpik


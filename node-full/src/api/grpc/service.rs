//! The calls of `cairn.v1.Log`.

use std::pin::Pin;

use futures_util::{Stream, StreamExt as _, stream};
use prost::Message as _;
use tonic::{Request, Response, Status};

use super::convert;
use super::proto::follow_response::Item as Sent;
use super::proto::log_server::Log;
use super::proto::{self as p};
use crate::access::Caller;
use crate::api::App;
use crate::api::events;
use crate::api::follow::Follower;
use crate::api::lease::over;
use crate::api::problem::Problem;
use crate::feed::Item;
use crate::proofs::{BaseChoice, ProofError, ReceiptWith};
use crate::query::{NAMES, Query};

/// The log, as its API sees it.
pub(super) struct LogService(pub(super) App);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl Log for LogService {
    type FollowStream = Pin<Box<dyn Stream<Item = Result<p::FollowResponse, Status>> + Send>>;

    async fn submit(&self, request: Request<p::SubmitRequest>) -> Answer<p::SubmitResponse> {
        let caller = request.extensions().get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| Problem::internal("a call of nobody"))?;
        let request = request.into_inner();
        let (len, wait) = (request.encoded_len(), request.wait_final);
        let read = move || {
            let events = request.events.into_iter().enumerate();
            let read = |(at, event)| convert::submission(event).map_err(|problem| problem.at(at));
            events.map(read).collect()
        };
        let accepted = events::submit_batch(&self.0, len, read).await?;
        self.0.writes.note(&caller, &accepted);
        let (accepted, is_final) =
            if wait { events::wait_final(&self.0, accepted).await? } else { (accepted, false) };
        Ok(Response::new(convert::accepted(&accepted, is_final)))
    }

    async fn get_event(&self, request: Request<p::GetEventRequest>) -> Answer<p::Entry> {
        let id = convert::digest("id", &request.into_inner().id)?;
        let entry = self.0.blocking(move |node| Ok(node.entry(&id)?)).await?;
        let entry = entry.ok_or_else(|| Problem::from(ProofError::UnknownEvent(id)))?;
        Ok(Response::new(convert::entry(entry)))
    }

    async fn query(&self, request: Request<p::QueryRequest>) -> Answer<p::QueryResponse> {
        let params = convert::parts(request.into_inner().query);
        params.only(&NAMES)?;
        let read = self.0.blocking(move |node| Ok(node.query(&Query::read(node, params.all())?)?));
        let page = read.await?;
        Ok(Response::new(p::QueryResponse {
            entries: page.entries.into_iter().map(convert::entry).collect(),
            complete_from: page.complete_from,
            complete_to: page.complete_to,
            next: page.next.unwrap_or_default(),
        }))
    }

    async fn prove_inclusion(
        &self,
        request: Request<p::ProveInclusionRequest>,
    ) -> Answer<p::Proof> {
        let p::ProveInclusionRequest { index, size } = request.into_inner();
        let hashes = self.0.blocking(move |node| Ok(node.inclusion(index, size)?)).await?;
        Ok(Response::new(convert::proof(&hashes)))
    }

    async fn prove_batch(&self, request: Request<p::ProveBatchRequest>) -> Answer<p::Proof> {
        let p::ProveBatchRequest { indices, size } = request.into_inner();
        let hashes = self.0.blocking(move |node| Ok(node.batch(&indices, size)?)).await?;
        Ok(Response::new(convert::proof(&hashes)))
    }

    async fn prove_consistency(
        &self,
        request: Request<p::ProveConsistencyRequest>,
    ) -> Answer<p::Proof> {
        let p::ProveConsistencyRequest { old, new } = request.into_inner();
        let hashes = self.0.blocking(move |node| Ok(node.consistency(old, new)?)).await?;
        Ok(Response::new(convert::proof(&hashes)))
    }

    async fn get_receipt(
        &self,
        request: Request<p::GetReceiptRequest>,
    ) -> Answer<p::GetReceiptResponse> {
        let request = request.into_inner();
        let id = convert::digest("id", &request.id)?;
        let (base, payload) = (convert::base(request.base)?, request.payload);
        let with = ReceiptWith { payload, wraps: &[] };
        let receipt = self.0.blocking(move |node| Ok(node.receipt(&id, base, with)?)).await?;
        Ok(Response::new(p::GetReceiptResponse { receipt }))
    }

    async fn get_checkpoint(
        &self,
        request: Request<p::GetCheckpointRequest>,
    ) -> Answer<p::GetCheckpointResponse> {
        let p::GetCheckpointRequest { height, base } = request.into_inner();
        let base = convert::base(base)?;
        let checkpoint = self.0.blocking(move |node| Ok(node.checkpoint(height, base)?)).await?;
        Ok(Response::new(p::GetCheckpointResponse { checkpoint }))
    }

    async fn get_genesis(&self, _: Request<p::GetGenesisRequest>) -> Answer<p::GetGenesisResponse> {
        Ok(Response::new(p::GetGenesisResponse { genesis: self.0.node.genesis_bytes().to_vec() }))
    }

    async fn follow(&self, request: Request<p::FollowRequest>) -> Answer<Self::FollowStream> {
        let mut lease = super::lease(&request)?;
        let params = convert::parts(request.into_inner().query);
        let follower = Follower::read(&self.0, (&params, None), lease.clone())?;
        let (app, place) = (self.0.clone(), self.0.place_to_follow()?);
        let items = follower.items().then(move |(at, item)| {
            // It is free again when the stream ends.
            let (app, _place) = (app.clone(), &place);
            async move {
                Ok(p::FollowResponse { id: at.to_string(), item: Some(sent(&app, item).await?) })
            }
        });
        let over = async move { lease.is_over().then(|| Err(Status::from(over()))) };
        let over = stream::once(over).filter_map(std::future::ready);
        Ok(Response::new(Box::pin(items.chain(over))))
    }
}

async fn sent(app: &App, item: Item) -> Result<Sent, Status> {
    Ok(match item {
        Item::Event(entry) => Sent::Event(convert::entry(entry)),
        Item::Block(block) => Sent::Block(convert::block(block)),
        Item::Checkpoint(block) => {
            let height = Some(block.header.height);
            let made = app.blocking(move |node| Ok(node.checkpoint(height, BaseChoice::Genesis)?));
            Sent::Checkpoint(made.await?)
        }
    })
}

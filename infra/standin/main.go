// A provider that knows what its resources look like, and nothing else: it serves the schemas of a JSON file, so that a
// configuration can be validated, tested with mocks and planned where the real provider cannot be had. It creates nothing.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sort"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

//go:embed mongodbatlas.json
var document []byte

// The format of `terraform providers schema -json`, as far as it is used here.
type provider struct {
	Address   string                     `json:"address"`
	Provider  block                      `json:"provider"`
	Resources map[string]json.RawMessage `json:"resource_schemas"`
}

type block struct {
	Attributes map[string]attribute   `json:"attributes"`
	Blocks     map[string]nestedBlock `json:"block_types"`
}

type attribute struct {
	Type      json.RawMessage `json:"type"`
	Nested    *nestedType     `json:"nested_type"`
	Required  bool            `json:"required"`
	Optional  bool            `json:"optional"`
	Computed  bool            `json:"computed"`
	Sensitive bool            `json:"sensitive"`
}

type nestedType struct {
	Attributes map[string]attribute `json:"attributes"`
	Nesting    string               `json:"nesting_mode"`
}

type nestedBlock struct {
	Block   block  `json:"block"`
	Nesting string `json:"nesting_mode"`
	Min     int64  `json:"min_items"`
	Max     int64  `json:"max_items"`
}

var blockNesting = map[string]tfprotov6.SchemaNestedBlockNestingMode{
	"list": tfprotov6.SchemaNestedBlockNestingModeList, "set": tfprotov6.SchemaNestedBlockNestingModeSet,
	"single": tfprotov6.SchemaNestedBlockNestingModeSingle,
}

var objectNesting = map[string]tfprotov6.SchemaObjectNestingMode{
	"list": tfprotov6.SchemaObjectNestingModeList, "set": tfprotov6.SchemaObjectNestingModeSet,
	"single": tfprotov6.SchemaObjectNestingModeSingle, "map": tfprotov6.SchemaObjectNestingModeMap,
}

func attributes(found map[string]attribute) []*tfprotov6.SchemaAttribute {
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	sort.Strings(names)
	all := make([]*tfprotov6.SchemaAttribute, 0, len(names))
	for _, name := range names {
		each := found[name]
		one := &tfprotov6.SchemaAttribute{
			Name: name, Required: each.Required, Optional: each.Optional, Computed: each.Computed, Sensitive: each.Sensitive,
		}
		if each.Nested != nil {
			one.NestedType = &tfprotov6.SchemaObject{
				Attributes: attributes(each.Nested.Attributes), Nesting: objectNesting[each.Nested.Nesting],
			}
		} else {
			kind, err := tftypes.ParseJSONType(each.Type) //nolint:staticcheck // the only reader of this format there is
			if err != nil {
				log.Fatalf("%s: %s", name, err)
			}
			one.Type = kind
		}
		all = append(all, one)
	}
	return all
}

func (b block) schema() *tfprotov6.SchemaBlock {
	whole := &tfprotov6.SchemaBlock{Attributes: attributes(b.Attributes)}
	names := make([]string, 0, len(b.Blocks))
	for name := range b.Blocks {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		each := b.Blocks[name]
		whole.BlockTypes = append(whole.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Block: each.Block.schema(), Nesting: blockNesting[each.Nesting], MinItems: each.Min, MaxItems: each.Max,
		})
	}
	return whole
}

type server struct {
	tfprotov6.ProviderServer
	resources map[string]*tfprotov6.Schema
	provider  *tfprotov6.Schema
}

func (s *server) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	reply := &tfprotov6.GetMetadataResponse{ServerCapabilities: &tfprotov6.ServerCapabilities{GetProviderSchemaOptional: true}}
	for name := range s.resources {
		reply.Resources = append(reply.Resources, tfprotov6.ResourceMetadata{TypeName: name})
	}
	return reply, nil
}

func (s *server) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &tfprotov6.GetProviderSchemaResponse{
		ServerCapabilities: &tfprotov6.ServerCapabilities{GetProviderSchemaOptional: true},
		Provider:           s.provider,
		ResourceSchemas:    s.resources,
	}, nil
}

func (s *server) GetFunctions(context.Context, *tfprotov6.GetFunctionsRequest) (*tfprotov6.GetFunctionsResponse, error) {
	return &tfprotov6.GetFunctionsResponse{}, nil
}

func (s *server) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (s *server) ValidateProviderConfig(_ context.Context, r *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (s *server) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (s *server) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (s *server) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (s *server) UpgradeResourceState(_ context.Context, r *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	value, err := r.RawState.Unmarshal(s.resources[r.TypeName].ValueType())
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(s.resources[r.TypeName].ValueType(), value)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &state}, err
}

func (s *server) ReadResource(_ context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: r.CurrentState}, nil
}

// PlanResourceChange leaves open what only the real provider would know: every computed attribute without a value.
func (s *server) PlanResourceChange(_ context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	schema := s.resources[r.TypeName]
	proposed, err := r.ProposedNewState.Unmarshal(schema.ValueType())
	if err != nil || proposed.IsNull() {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: r.ProposedNewState}, err
	}
	planned, err := tftypes.Transform(proposed, func(path *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		if value.IsKnown() && value.IsNull() && computed(schema.Block.Attributes, schema.Block.BlockTypes, path.Steps()) {
			return tftypes.NewValue(value.Type(), tftypes.UnknownValue), nil
		}
		return value, nil
	})
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(schema.ValueType(), planned)
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: &state}, err
}

func computed(found []*tfprotov6.SchemaAttribute, blocks []*tfprotov6.SchemaNestedBlock, steps []tftypes.AttributePathStep) bool {
	for i, step := range steps {
		name, named := step.(tftypes.AttributeName)
		if !named {
			continue
		}
		for _, each := range found {
			if each.Name != string(name) {
				continue
			}
			if i == len(steps)-1 {
				return each.Computed
			}
			return each.NestedType != nil && computed(each.NestedType.Attributes, nil, steps[i+1:])
		}
		for _, each := range blocks {
			if each.TypeName == string(name) {
				return computed(each.Block.Attributes, each.Block.BlockTypes, steps[i+1:])
			}
		}
		return false
	}
	return false
}

func (s *server) ApplyResourceChange(_ context.Context, r *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return &tfprotov6.ApplyResourceChangeResponse{NewState: r.PriorState, Diagnostics: []*tfprotov6.Diagnostic{{
		Severity: tfprotov6.DiagnosticSeverityError,
		Summary:  "This is a stand-in for the provider",
		Detail:   "It only knows what resources look like. Install the real provider to apply.",
	}}}, nil
}

func main() {
	var known provider
	if err := json.Unmarshal(document, &known); err != nil {
		log.Fatal(err)
	}
	it := &server{provider: &tfprotov6.Schema{Block: known.Provider.schema()}, resources: map[string]*tfprotov6.Schema{}}
	for name, raw := range known.Resources {
		var found struct{ Block block }
		if err := json.Unmarshal(raw, &found); err != nil {
			log.Fatal(fmt.Errorf("%s: %w", name, err))
		}
		it.resources[name] = &tfprotov6.Schema{Block: found.Block.schema()}
	}
	if err := tf6server.Serve(known.Address, func() tfprotov6.ProviderServer { return it }); err != nil {
		log.Println(err)
		os.Exit(1)
	}
}
